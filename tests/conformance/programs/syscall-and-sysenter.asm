; TITLE: SYSCALL, SYSRET, SYSENTER and SYSEXIT of a guest: MSRs from fields and areas, CPL, flags; exits and faults
; SDM: "SYSCALL-Fast System Call"; "SYSENTER-Fast System Call"; "Loading Guest Control Registers, Debug Registers, and MSRs"
%include "vmxlab.inc"
%macro ENTRY_ 3
        mov rax, %2
        mov [MSRAREA + %1], rax
        mov rax, %3
        mov [MSRAREA + %1 + 8], rax
%endmacro
%macro STATE 0
        SHOWV "CS", G_CS_SEL
        SHOWV "SS", G_SS_SEL
        SHOWV "RSP", G_RSP
        SHOWV "RFLAGS", G_RFLAGS
        SHOW "RCX", [g_rcx]
        SHOW "R11", [g_r11]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL ENTRY_CTLS, N_LOAD_EFER
        CTL EXIT_CTLS, X_LOAD_EFER
        VMW H_EFER, 0x500
        VMW G_EFER, 0x501               ; SCE
        ENTRY_ 0, 0xC0000081, 0x0018001800000000        ; STAR: SYSCALL to 18h, SYSRET to 18h + 10h
        ENTRY_ 16, 0xC0000082, landing
        ENTRY_ 32, 0xC0000084, 0x600    ; FMASK
        VMW ENTRY_MSR_LOAD, MSRAREA
        VMW ENTRY_MSR_LOAD_N, 3
        VMW G_SYSENTER_CS, 0x18
        VMW G_SYSENTER_ESP, 0x2B0000
        VMW G_SYSENTER_EIP, landing
        VMW EXC_BITMAP, 1<<6 | 1<<13
        VMW G_RFLAGS, 0x602
        ENTER "SYSCALL at CPL 0", vmlaunch
        STATE
        VMW G_RIP, to_user
        VMW G_CS_SEL, 0x18
        VMW G_SS_SEL, 0x10
        mov qword [g_rcx], user
        mov qword [g_r11], 0x3202
        ENTER "SYSRET, then SYSCALL", vmresume
        STATE
        VMW G_RIP, to_sysenter
        mov qword [g_rcx], USER_STACK
        mov qword [g_rdx], user_sysenter
        ENTER "SYSEXIT, then SYSENTER", vmresume
        STATE
        VMW G_SYSENTER_CS, 3
        VMW G_RIP, user_sysenter
        ENTER "SYSENTER_CS null", vmresume
        VMW G_EFER, 0x500
        VMW G_RIP, guest_code
        ENTER "SYSCALL without SCE", vmresume
        VMW G_EFER, 0x501
        VMW G_RIP, to_user
        mov rax, 1 << 47
        mov [g_rcx], rax
        ENTER "SYSRET to a non-canonical address", vmresume
        GUEST
        syscall
to_user: o64 sysret
user:   syscall
to_sysenter: o64 sysexit
user_sysenter: sysenter
landing: vmcall
