; TITLE: CR3-load exiting and the CR3-target values: a value among the first N does not exit; store exiting is another control
; SDM: "CR3-Target Controls"; "Changes to Instruction Behavior in VMX Non-Root Operation" (MOV to CR3)
%include "vmxlab.inc"
%macro ROUND 2
        mov qword [g_rax], %2
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOWV "CR3", G_CR3
        VMW G_CR3, 0x10000
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512
        cld
        rep movsq
        CTL PROC_CTLS, P_CR3LOAD
        VMW CR3_TARGET0, 0x300000
        VMW CR3_TARGET0 + 2, 0x300018
        VMW CR3_TARGET0 + 4, 0x10000
        VMW CR3_TARGET0 + 6, 0
        mov qword [g_rax], 0x300000
        ENTER "no targets", vmlaunch
        VMW CR3_TARGETS, 1
        ROUND "the first of one", 0x300000
        ROUND "the second of one", 0x300018
        VMW CR3_TARGETS, 2
        ROUND "the second of two", 0x300018
        ROUND "one bit other", 0x300010
        VMW CR3_TARGETS, 4
        ROUND "the third of four", 0x10000
        VMW CR3_TARGETS, 5
        ENTER "five", vmresume
        VMW CR3_TARGETS, 0
        CLR PROC_CTLS, P_CR3LOAD
        ROUND "without the control", 0x300018
        CTL PROC_CTLS, P_CR3STORE
        ROUND "CR3-store exiting lets loads be", 0x300000
        VMW G_RIP, store
        ENTER "MOV from CR3", vmresume
        SHOW "RDX", [g_rdx]
        CTL PROC_CTLS, P_CR3LOAD
        VMW EXC_BITMAP, 1<<13
        mov rax, 1 << 45
        mov [g_rax], rax
        VMW G_RIP, guest_code
        ENTER "a value wider than the physical address", vmresume
        CLR PROC_CTLS, P_CR3LOAD
        ENTER "the same without exiting", vmresume
        GUEST
        mov cr3, rax
        vmcall
store:  mov rdx, cr3
        vmcall
