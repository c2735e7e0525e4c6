; TITLE: INVPCID in a guest: each type makes a change visible; bad descriptors are #GP(0)
; SDM: "INVPCID-Invalidate Process-Context Identifier"
%include "vmxlab.inc"
PAGE    equ 0x1000000
PDE     equ 0x302000 + 8*8
%macro FLUSH 3                          ; new entry, type, descriptor
        mov qword [PDE], %1
        mov eax, %2
        invpcid rax, [%3]
        mov rbx, [PAGE]
        vmcall
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
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID | S_INVPCID
        VMW VPID, 3
        VMW G_CR3, 0x300005             ; PCID 5
        VMW G_CR4, 0x220A0              ; PCIDE, PGE
        ENTER "fills the TLB", vmlaunch
        SHOW "read", [g_rbx]
%macro THEN 1
        NEXT
        ENTER %1, vmresume
        SHOW "read", [g_rbx]
%endmacro
        THEN "individual address"
        THEN "single context"
        THEN "all contexts, retaining globals"
        THEN "to a global page"
        THEN "all contexts, with globals"
        VMW EXC_BITMAP, 1<<13
        NEXT
        ENTER "reserved bits 63:12", vmresume
        VMW G_RIP, bad_type
        ENTER "type 4", vmresume
        VMW G_RIP, bad_address
        ENTER "not canonical, individual", vmresume
        VMW G_RIP, ignored
        ENTER "not canonical, all contexts", vmresume
        VMW G_RIP, no_pcide
        VMW G_CR3, 0x300000
        VMW G_CR4, 0x20A0
        ENTER "PCID 5 without CR4.PCIDE", vmresume
        VMW G_RIP, bad_type
        VMW PROC_CTLS2, S_VPID
        VMW EXC_BITMAP, 1<<6
        ENTER "without the control", vmresume
        GUEST
        mov rbx, [PAGE]
        vmcall
        FLUSH 0x1200087, 0, five
        FLUSH 0x1000087, 1, five
        FLUSH 0x1200087, 3, five
        FLUSH 0x1000187, 1, five
        FLUSH 0x1200187, 2, five
        FLUSH 0x1000087, 1, wide
bad_type: mov eax, 4
        invpcid rax, [five]
bad_address: xor eax, eax
        invpcid rax, [far_away]
ignored: mov eax, 3
        invpcid rax, [far_away]
        vmcall
no_pcide: mov eax, 1
        invpcid rax, [five]
        vmcall
        section data
        align 8
five:   dq 5, PAGE
wide:   dq 0x1000, PAGE
far_away: dq 5, 1 << 47
