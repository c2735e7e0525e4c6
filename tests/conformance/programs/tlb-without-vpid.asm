; TITLE: without VPID every VM entry and VM exit flushes: a change of the tables is seen at the next entry
; SDM: "Operations that Invalidate Cached Mappings" (VM entries and VM exits); "Using VPIDs"
%include "vmxlab.inc"
PAGE    equ 0x1000000
%macro ROUND 2
        mov qword [0x302000 + 8*8], %2
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOW "read", [g_rbx]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        VMW G_CR3, 0x300000
        ENTER "fills the TLB", vmlaunch
        SHOW "read", [g_rbx]
        ROUND "changed", 0x1200087
        VMW G_CR4, 0x20A0
        ROUND "changed, global", 0x1000187
        ROUND "global pages are flushed, too", 0x1200187
        mov [0x302000 + 8*8], dword 0x1000087
        mov rax, 0x300000               ; the VMM under the guest's tables: VPID 0 for both
        mov cr3, rax
        SHOW "the VMM reads", [PAGE]
        mov rax, 0x10000
        mov cr3, rax
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID
        VMW VPID, 0
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        ENTER "VPID 0 with the control on", vmlaunch
        GUEST
        mov rbx, [PAGE]
        vmcall
