; TITLE: a VPID keeps translations over VM exits and entries: a change of the guest's tables stays unseen until INVVPID
; SDM: "Information That May Be Cached"; "Operations that Need Not Invalidate Cached Mappings"
%include "vmxlab.inc"
PAGE    equ 0x1000000
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
        VMW PROC_CTLS2, S_VPID
        VMW VPID, 3
        VMW G_CR3, 0x300000
        ENTER "fills the TLB", vmlaunch
        SHOW "read", [g_rbx]
        mov qword [0x302000 + 8*8], 0x1200087
        VMW G_RIP, guest_code
        ENTER "changed, not flushed", vmresume
        SHOW "read", [g_rbx]
        mov eax, 1                      ; another VPID is flushed, not ours
        invvpid rax, [other]
        VMW G_RIP, guest_code
        ENTER "another VPID flushed", vmresume
        SHOW "read", [g_rbx]
        mov rax, cr3                    ; the VMM's MOV CR3 is about VPID 0
        mov cr3, rax
        VMW G_RIP, guest_code
        ENTER "MOV CR3 of the VMM", vmresume
        SHOW "read", [g_rbx]
        mov eax, 1
        invvpid rax, [ours]
        VMW G_RIP, guest_code
        ENTER "flushed", vmresume
        SHOW "read", [g_rbx]
        GUEST
        mov rbx, [PAGE]
        vmcall
        section data
        align 8
ours:   dq 3, 0
other:  dq 4, 0
