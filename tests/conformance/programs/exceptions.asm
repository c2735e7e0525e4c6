; TITLE: the exception bitmap, the page-fault mask and match, RF and the qualification of exits by exceptions
; SDM: "Other Causes of VM Exits" (exceptions); "Saving RIP, RSP, RFLAGS, and SSP"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 0xFFFFFFFF
        ENTER "ud2", vmlaunch
        SHOWV "rflags", G_RFLAGS
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RFLAGS, 2
        VMW G_RIP, g2
        ENTER "int3", vmresume
        SHOWV "rflags", G_RFLAGS
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g3
        ENTER "int1", vmresume
        SHOWV "rflags", G_RFLAGS
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g4
        ENTER "div", vmresume
        VMW G_RIP, g5
        ENTER "pf", vmresume
        SHOW "cr2", cr2
        SHOWV "rflags", G_RFLAGS
        VMW PF_MASK, 2
        VMW PF_MATCH, 2
        VMW G_RIP, g5
        ENTER "pf read filtered", vmresume
        SHOW "cr2", cr2
        VMW G_RIP, g6
        ENTER "pf write not filtered", vmresume
        VMW EXC_BITMAP, 0xFFFFBFFF
        VMW G_RIP, g6
        ENTER "pf write, bitmap 0", vmresume
        SHOW "cr2", cr2
        VMW G_RIP, g5
        ENTER "pf read, bitmap 0", vmresume
        VMW EXC_BITMAP, 0xFFFFFFFF
        VMW G_RIP, g7
        ENTER "np segment", vmresume
        VMW G_RIP, g8
        ENTER "gp non canonical", vmresume
        VMW G_RIP, g9
        ENTER "ss non canonical", vmresume
        VMW G_RIP, g10
        ENTER "int 80h", vmresume
        VMW EXC_BITMAP, 0
        VMW G_IDTR_LIM, 0
        VMW G_RIP, g4
        ENTER "triple", vmresume
        SHOWV "rflags", G_RFLAGS
        SHOWV "activity", G_ACTIVITY
        VMW G_RIP, g10
        ENTER "triple from int", vmresume
        SHOWV "rflags", G_RFLAGS
        VMW EXC_BITMAP, 1<<8
        VMW G_RIP, g4
        ENTER "double fault", vmresume
        VMW EXC_BITMAP, 1<<13
        VMW G_RIP, g4
        ENTER "gp during de", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g10
        ENTER "gp during int n", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g2
        ENTER "gp during int3", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g3
        ENTER "gp during int1", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000B0D
        VMW ENTRY_INTR_ERR, 0x18
        ENTER "inject gp meets gp", vmresume
        VMW ENTRY_INTR_INFO, 0x80000020
        VMW G_RFLAGS, 0x202
        ENTER "inject ext meets gp", vmresume
        VMW ENTRY_INTR_INFO, 0x80000420
        VMW ENTRY_INSTR_LEN, 2
        ENTER "inject int meets gp", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000603
        ENTER "inject int3 meets gp", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000501
        ENTER "inject int1 meets gp", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        GUEST
        ud2
g2:     int3
g3:     int1
g4:     xor ecx, ecx
        div ecx
g5:     mov rbx, 0x8000000000
        mov rax, [rbx]
g6:     mov rbx, 0x8000000000
        mov [rbx], rax
g7:     mov ax, 0x30
        mov ds, ax
g8:     mov rax, 0x800000000000
        mov rax, [rax]
g9:     mov rbp, 0x800000000000
        mov rax, [rbp]
g10:    int 0x80
        vmcall
