; TITLE: translations of one VPID are not used under another, nor by the VMM (VPID 0)
; SDM: "Information That May Be Cached"; "Using VPIDs"
%include "vmxlab.inc"
PAGE    equ 0x1000000
CASE
        VMX_ON
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [0x302000 + 8*8], 0x1200087
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        VMCS_STD_B guest_code, GUEST2_STACK
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID
        VMW VPID, 2
        VMW G_CR3, 0x300000             ; 16 MiB is 18 MiB here
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID
        VMW VPID, 1
        ENTER "VPID 1", vmlaunch
        SHOW "read", [g_rbx]
        vmptrld [p_vmcs_b]
        ENTER "VPID 2", vmlaunch
        SHOW "read", [g_rbx]
        SHOW "the VMM reads", [PAGE]
        vmptrld [p_vmcs_a]
        VMW G_RIP, guest_code
        ENTER "VPID 1 again", vmresume
        SHOW "read", [g_rbx]
        SHOW "the VMM reads", [PAGE]
        VMW G_RIP, guest_code
        VMW VPID, 2                     ; the same guest under the other's tag, with that tag's context gone
        mov eax, 1
        invvpid rax, [descriptor]
        ENTER "VPID 1 becomes 2", vmresume
        SHOW "read", [g_rbx]
        GUEST
        mov rbx, [PAGE]
        vmcall
        section data
        align 8
descriptor: dq 2, 0
