; TITLE: CR0 guest/host mask and read shadow: MOV, LMSW, CLTS and SMSW; which writes exit, what reads give, which bits change
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation" (CLTS, LMSW, MOV, SMSW); "Exit Qualification for Control-Register Accesses"
%include "vmxlab.inc"
%macro ROUND 4                          ; label, guest RIP, mask, shadow
        VMW G_CR0, 0x80000031
        VMW CR0_MASK, %3
        VMW CR0_SHADOW, %4
        VMW G_RIP, %2
        ENTER %1, vmresume
        SHOWV "CR0", G_CR0
        SHOW "read", [g_rax]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 1<<13 | 1<<7
        ENTER "first", vmlaunch
        ROUND "MOV from: shadow in the mask, else the register", mov_from, 0x80000001, 0x10
        ROUND "SMSW to a register", smsw_, 0xA, 0xA
        ROUND "SMSW to memory", smsw_mem, 0xF, 0xE
        SHOW "memory", [SCRATCH]
        TEXT "MOV to"
        ROUND "a bit that is the guest's", mov_mp, 0, 0
        ROUND "a bit of the VMM, as in the shadow", mov_mp, 2, 2
        ROUND "a bit of the VMM, other than in the shadow", mov_mp, 2, 0
        ROUND "a bit that must be 1 is cleared, masked, shadow 0", mov_ne0, 0x20, 0
        ROUND "the same, not masked", mov_ne0, 0, 0
        TEXT "LMSW"
        ROUND "to TS and MP, the guest's", lmsw_ts, 0, 0
        ROUND "TS masked, shadow 0", lmsw_ts, 8, 0
        ROUND "TS masked, shadow 1", lmsw_ts, 8, 8
        ROUND "clears PE: it cannot", lmsw_0, 0, 0
        ROUND "PE masked, shadow 1, source 0: it cannot either", lmsw_0, 1, 1
        ROUND "PE masked, shadow 0, source 1", lmsw_pe, 1, 0
        ROUND "from memory", lmsw_mem, 8, 0
        SHOWV "linear address", GLA
        ROUND "bits above 3 do not count", lmsw_high, 0xFFFFFFF0, 0
        TEXT "CLTS"
        ROUND "TS the guest's", clts_, 0, 0
        ROUND "TS masked, shadow 0: nothing", clts_, 8, 0
        ROUND "TS masked, shadow 1", clts_, 8, 8
        VMW G_CR0, 0x80000039
        VMW CR0_MASK, 8
        VMW CR0_SHADOW, 0
        VMW G_RIP, clts_
        ENTER "TS = 1, masked, shadow 0: TS stays", vmresume
        SHOWV "CR0", G_CR0
        GUEST
        vmcall
mov_from: mov rax, cr0
        vmcall
smsw_:  smsw eax
        vmcall
smsw_mem: smsw [SCRATCH]
        vmcall
mov_mp: mov eax, 0x80000033
        mov cr0, rax
        vmcall
mov_ne0: mov eax, 0x80000011
        mov cr0, rax
        vmcall
lmsw_ts: mov eax, 0xB
        lmsw ax
        vmcall
lmsw_0: xor eax, eax
        lmsw ax
        vmcall
lmsw_pe: mov eax, 1
        lmsw ax
        vmcall
lmsw_mem: mov word [SCRATCH], 0xFFF9
        lmsw [SCRATCH]
        vmcall
lmsw_high: mov eax, 0xFFF1
        lmsw ax
        vmcall
clts_:  clts
        vmcall
