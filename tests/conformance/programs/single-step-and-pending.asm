; TITLE: single step and pending debug exceptions across exits
; SDM: "Pending Debug Exceptions"; "Saving Non-Register State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        VMW G_RFLAGS, 0x102
        ENTER "cpuid under tf", vmlaunch
        SHOWV "pending", G_PENDING_DBG
        SHOWV "rflags", G_RFLAGS
        NEXT
        VMW G_PENDING_DBG, 0x4000
        ENTER "pending BS at entry -> guest #DB", vmresume
        SHOW "dr6", dr6
        VMW EXC_BITMAP, 2
        VMW G_RIP, g2
        VMW G_RFLAGS, 2
        VMW G_PENDING_DBG, 0x1001
        ENTER "pending B0 at entry", vmresume
        SHOWV "pending", G_PENDING_DBG
        VMW G_PENDING_DBG, 0x1
        VMW G_RIP, g2
        ENTER "B0 without enabled bit", vmresume
        VMW G_PENDING_DBG, 0
        VMW G_RIP, g3
        VMW G_RFLAGS, 0x102
        ENTER "mov ss under tf", vmresume
        SHOWV "pending", G_PENDING_DBG
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_RIP, g4
        VMW G_INTERRUPTIBILITY, 0
        VMW G_PENDING_DBG, 0
        VMW G_RFLAGS, 0x102
        ENTER "mov ss, cpuid under tf", vmresume
        SHOWV "pending", G_PENDING_DBG
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW G_PENDING_DBG, 0
        VMW G_RFLAGS, 0x2
        VMW G_RIP, g5
        mov rax, g5b
        mov dr0, rax
        CTL ENTRY_CTLS, 4
        CTL EXIT_CTLS, 4
        VMW G_DR7, 0x402
        ENTER "instruction breakpoint", vmresume
        SHOWV "dr7", G_DR7
        VMW G_RFLAGS, 0x10002
        ENTER "with RF", vmresume
        mov rax, SCRATCH
        mov dr1, rax
        VMW G_DR7, 0xD00408
        VMW G_RIP, g6
        ENTER "data breakpoint", vmresume
        SHOWV "pending", G_PENDING_DBG
        VMW EXC_BITMAP, 0
        VMW G_RIP, g6
        ENTER "data breakpoint delivered", vmresume
        SHOWV "dr7", G_DR7
        VMW EXC_BITMAP, 2
        VMW G_DR7, 0x2400
        VMW G_RIP, g7
        ENTER "general detect", vmresume
        VMW G_DR7, 0x400
        VMW G_RIP, g8
        VMW G_RFLAGS, 2
        ENTER "icebp", vmresume
        VMW G_RIP, g9
        VMW G_RFLAGS, 0x102
        ENTER "int n under tf", vmresume
        VMW G_RIP, g10
        VMW G_RFLAGS, 0x102
        VMW EXC_BITMAP, 2
        ENTER "rep movs under tf", vmresume
        SHOW "rcx", [g_rcx]
        VMW G_PENDING_DBG, 0
        VMW G_RIP, g2
        VMW G_RFLAGS, 0x102
        VMW ENTRY_INTR_INFO, 0x80000306
        ENTER "inject under tf", vmresume
        VMW G_RIP, g2
        VMW G_RFLAGS, 0x102
        VMW ENTRY_INTR_INFO, 0x80000301
        ENTER "inject db", vmresume
        GUEST
        cpuid
        nop
        vmcall
g2:     nop
        vmcall
g3:     mov eax, 0x10
        mov ss, ax
        nop
        nop
        vmcall
g4:     mov ss, ax
        cpuid
        vmcall
g5:     nop
g5b:    nop
        vmcall
g6:     mov dword [SCRATCH], 1
        nop
        vmcall
g7:     mov rax, dr0
        vmcall
g8:     int1
g9:     int 0x50
g10:    mov esi, SCRATCH
        mov edi, SCRATCH+64
        mov ecx, 3
        rep movsb
        vmcall
