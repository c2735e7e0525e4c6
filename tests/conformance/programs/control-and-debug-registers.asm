; TITLE: exits and masks of MOV to and from control and debug registers, LMSW, CLTS
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation"; "Exit Qualification for Control-Register Accesses"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_CR3LOAD | P_CR3STORE | P_MOVDR
        VMW CR3_TARGETS, 2
        VMW 0x6008, 0x10000
        VMW 0x600A, 0x12345000
        ENTER "cr3 target", vmlaunch
        VMW G_RIP, g2
        ENTER "cr3 other", vmresume
        NEXT
        ENTER "from cr3", vmresume
        NEXT
        ENTER "to dr7", vmresume
        NEXT
        ENTER "from dr6 r11", vmresume
        NEXT
        ENTER "dr4", vmresume
        VMW CR0_MASK, 0xF
        VMW CR0_SHADOW, 0x80000039
        VMW G_RIP, g3
        ENTER "clts owned shown 1", vmresume
        VMW CR0_SHADOW, 0x80000031
        VMW G_RIP, g3
        ENTER "clts owned shown 0, then lmsw", vmresume
        NEXT
        ENTER "lmsw mem", vmresume
        SHOWV "gla", GLA
        VMW CR0_MASK, 0
        VMW G_RIP, g3
        ENTER "no exit", vmresume
        SHOW "smsw", [g_rdx]
        SHOWV "cr0", G_CR0
        VMW G_CR0, 0x8000003F
        VMW CR0_MASK, 0x8
        VMW CR0_SHADOW, 0x80000031
        VMW G_RIP, g4
        ENTER "shadow", vmresume
        SHOW "smsw", [g_rdx]
        SHOW "mov", [g_rcx]
        VMW CR0_MASK, 0x80000000
        VMW CR0_SHADOW, 0
        VMW G_RIP, g5
        ENTER "pg owned", vmresume
        SHOWV "cr0", G_CR0
        VMW EXC_BITMAP, 1<<13
        VMW CR0_MASK, 0
        VMW G_RIP, g6
        ENTER "cr4 reserved", vmresume
        VMW G_RIP, g7
        ENTER "cr8 16", vmresume
        VMW G_RIP, g8
        ENTER "cr3 wide", vmresume
        CLR PROC_CTLS, P_CR3LOAD | P_CR3STORE | P_MOVDR
        VMW G_RIP, g8
        ENTER "cr3 wide no exit", vmresume
        VMW G_RIP, g9
        ENTER "dr7 upper", vmresume
        GUEST
        mov rax, cr3
        mov cr3, rax
        mov eax, 0x10000
        mov cr3, rax
g2:     mov r9d, 0x20000
        mov cr3, r9
        mov r15, cr3
        mov dr7, rax
        mov r11, dr6
        mov dr4, r10
g3:     clts
        mov eax, 0x3B
        lmsw ax
        mov dword [0x207000], 0x39
        lmsw [0x207000]
        xor edx, edx
        smsw edx
        vmcall
g4:     smsw rdx
        mov rcx, cr0
        vmcall
g5:     mov rax, cr0
        mov cr0, rax
        vmcall
g6:     mov eax, 0x1002020
        mov cr4, rax
g7:     mov eax, 16
        mov cr8, rax
g8:     mov rax, 1<<45
        mov cr3, rax
g9:     mov rax, 1<<32
        mov dr7, rax
