; TITLE: exits during the delivery of an event: what the IDT-vectoring fields say
; SDM: "Information for VM Exits That Occur During Event Delivery"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov rax, 0xC0000087
        mov [EPT_PDPT+3*8], rax
        mov qword [EPT_PD + 8*8], 0
        ; guest IDT copy at 16 MiB is missing in EPT
        VMW G_IDTR_BASE, 0x1000000
        VMW ENTRY_INTR_INFO, 0x80000030
        VMW G_RFLAGS, 0x202
        ENTER "inject ext", vmlaunch
        SHOWV "len", EXIT_INSTR_LEN
        SHOWV "entry info", ENTRY_INTR_INFO
        SHOWV "cr2? interruptibility", G_INTERRUPTIBILITY
        VMW ENTRY_INTR_INFO, 0x80000B0D
        VMW ENTRY_INTR_ERR, 0x1234
        ENTER "inject gp", vmresume
        SHOWV "err", IDT_ERR
        VMW ENTRY_INTR_INFO, 0x80000202
        ENTER "inject nmi", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW ENTRY_INTR_INFO, 0x80000480
        VMW ENTRY_INSTR_LEN, 5
        ENTER "inject int", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000603
        VMW ENTRY_INSTR_LEN, 1
        ENTER "inject int3", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000501
        ENTER "inject int1", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000B0E
        VMW ENTRY_INTR_ERR, 2
        ENTER "inject pf", vmresume
        VMW ENTRY_INTR_INFO, 0
        VMW G_RIP, g1
        VMW G_RFLAGS, 2
        ENTER "gp in guest", vmresume
        SHOWV "rflags", G_RFLAGS
        VMW G_RIP, g2
        ENTER "pf in guest", vmresume
        SHOW "cr2", cr2
        VMW G_RIP, g3
        ENTER "de in guest", vmresume
        VMW G_RIP, g4
        ENTER "int3", vmresume
        VMW G_RIP, g5
        ENTER "int1", vmresume
        VMW G_RIP, g6
        VMW G_RFLAGS, 2
        ENTER "self ipi", vmresume
        SHOWV "rflags", G_RFLAGS
        mov ebx, 0xFEE00000
        mov eax, [rbx+0x110]
        SHOW "isr", rax
        mov dword [rbx+0xB0], 0
        VMW G_RIP, g7
        ENTER "self nmi", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW G_IDTR_BASE, gidt
        VMW G_RSP, 0x1000100
        VMW G_RIP, g1
        ENTER "stack not there", vmresume
        VMW G_RSP, 0x1000100
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, g8
        ENTER "iret reads stack", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW G_RSP, GUEST_STACK
        VMW EXC_BITMAP, 1<<14
        VMW G_RIP, g1
        mov rax, 0x8000000000
        VMW G_IDTR_BASE, rax
        ENTER "pf during gp", vmresume
        VMW EXC_BITMAP, 1<<8
        VMW G_RIP, g2
        ENTER "df from pf pf", vmresume
        VMW EXC_BITMAP, 0
        VMW G_RIP, g2
        ENTER "triple", vmresume
        GUEST
        nop
g1:     mov rax, 0x800000000000
        mov rax, [rax]
        vmcall
g2:     mov rax, 0x8000000008
        mov rax, [rax]
        vmcall
g3:     xor ecx, ecx
        div ecx
g4:     int3
g5:     int1
g6:     mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x310], 0
        sti
        nop
        mov dword [rbx+0x300], 0x44030
        nop
        nop
        nop
        vmcall
g7:     mov ebx, 0xFEE00000
        mov dword [rbx+0x300], 0x04400
        nop
        nop
        nop
        vmcall
g8:     iretq
