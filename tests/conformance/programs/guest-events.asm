; TITLE: exceptions, software interrupts, windows and injected events of a guest
; SDM: "Event Injection"; "Other Causes of VM Exits"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        ; interrupt window
        CTL PROC_CTLS, P_INTWIN
        ENTER "window", vmlaunch
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        SHOWV "activity", G_ACTIVITY
        ENTER "window again", vmresume
        CLR PROC_CTLS, P_INTWIN
        ENTER "vmcall", vmresume
        SHOWV "rflags", G_RFLAGS
        NEXT
        VMW G_RIP, gu_nop3
        ENTER "int3 guest handler", vmresume
        NEXT
        VMW EXC_BITMAP, (1<<3)|(1<<1)|(1<<8)
        VMW G_RIP, gu_int3
        ENTER "int3", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        SHOWV "rflags", G_RFLAGS
        VMW G_RIP, gu_int1
        ENTER "int1", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        SHOWV "rflags", G_RFLAGS
        VMW G_RIP, gu_ud
        VMW EXC_BITMAP, 0
        VMW G_IDTR_LIM, 0x10
        ENTER "triple", vmresume
        VMW EXC_BITMAP, 1<<8
        VMW G_ACTIVITY, 0
        ENTER "df exit", vmresume
        SHOWV "rflags", G_RFLAGS
        VMW EXC_BITMAP, 1<<13
        ENTER "gp in ud", vmresume
        SHOWV "rflags", G_RFLAGS
        VMW G_RIP, gu_int
        ENTER "gp in int", vmresume
        SHOWV "rflags", G_RFLAGS
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_IDTR_LIM, 0xFFF
        VMW EXC_BITMAP, 0
        ; injected software int
        VMW G_RIP, gu_int
        VMW ENTRY_INTR_INFO, 0x80000421
        VMW ENTRY_INSTR_LEN, 2
        ENTER "inject int", vmresume
        SHOWV "rsp", G_RSP
        VMW G_IDTR_LIM, 0x10
        VMW G_RIP, gu_int
        VMW EXC_BITMAP, 1<<13
        VMW ENTRY_INTR_INFO, 0x80000421
        VMW ENTRY_INSTR_LEN, 2
        ENTER "inject int gp", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW ENTRY_INTR_INFO, 0x80000B0D
        VMW ENTRY_INTR_ERR, 0x55
        VMW EXC_BITMAP, 0
        ENTER "inject gp triple", vmresume
        VMW G_ACTIVITY, 0
        VMW ENTRY_INTR_INFO, 0x80000B0E
        VMW ENTRY_INTR_ERR, 0x4
        VMW EXC_BITMAP, 1<<13
        ENTER "inject pf, gp", vmresume
        VMW EXC_BITMAP, 1<<8
        ENTER "after", vmresume
        VMW G_IDTR_LIM, 0xFFF
        ; page fault mask/match
        VMW EXC_BITMAP, 1<<14
        VMW PF_MASK, 2
        VMW PF_MATCH, 2
        VMW G_RIP, gu_pf
        ENTER "pf write", vmresume
        SHOWV "rflags", G_RFLAGS
        VMW G_RIP, gu_pfr
        ENTER "pf read", vmresume
        VMW EXC_BITMAP, 0
        VMW G_RIP, gu_pfr
        ENTER "pf read inverted", vmresume
        VMW PF_MASK, 0
        VMW PF_MATCH, 0
        VMW EXC_BITMAP, 1<<6
        VMW G_RIP, gu_popud
        ENTER "ud", vmresume
        SHOWV "rflags", G_RFLAGS
        GUEST
        sti
        nop
        cli
        vmcall
        sti
        hlt
gu_nop3: nop
        int3
gu_int3: int3
        vmcall
gu_int1: int1
        vmcall
gu_ud:  ud2
gu_int: int 0x21
        vmcall
gu_pf:  mov rax, 0x4000000000
        mov [rax], eax
gu_pfr: mov rax, 0x4000000000
        mov ebx, [rax]
gu_popud: ud2
