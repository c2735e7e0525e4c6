; TITLE: interrupt-window and NMI-window exits against IF, STI, MOV SS, POP SS, HLT, injected events and activity states
; SDM: "Other Causes of VM Exits" (interrupt-window and NMI-window exiting); "Interruptibility State"
%include "vmxlab.inc"
%macro ROUND 2-4 2, 0                   ; label, RIP, RFLAGS, interruptibility
        VMW G_RIP, %2
        VMW G_RSP, GUEST_STACK
        VMW G_RFLAGS, %3
        VMW G_INTERRUPTIBILITY, %4
        VMW G_ACTIVITY, 0
        VMW PREEMPT_TIMER, 100000
        ENTER %1, vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_TIMER         ; ends a halt for nothing
        CTL PROC_CTLS, P_INTWIN
        ENTER "IF = 0", vmlaunch
        ROUND "IF = 1", guest_code, 0x202
        ROUND "IF = 1, blocking by STI", guest_code, 0x202, 1
        ROUND "IF = 1, blocking by MOV SS", guest_code, 0x202, 2
        ROUND "STI", sti_
        ROUND "STI, STI", sti_sti
        ROUND "STI, CLI", sti_cli
        ROUND "MOV SS with IF", mov_ss, 0x202, 1
        ROUND "POPF", popf_
        ROUND "IRET", iret_
        ROUND "STI, HLT", sti_hlt
        SHOWV "activity", G_ACTIVITY
        VMW ENTRY_INTR_INFO, 0x80000030
        ROUND "an injected interrupt goes first: its gate clears IF", guest_code, 0x202
        VMW ENTRY_INTR_INFO, 0x80000202
        ROUND "an injected NMI", guest_code, 0x202
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        VMW G_INTERRUPTIBILITY, 0
        VMW G_ACTIVITY, 1
        VMW PREEMPT_TIMER, 1000
        ENTER "into HLT", vmresume
        SHOWV "activity", G_ACTIVITY
        TEXT "NMI window"
        CLR PROC_CTLS, P_INTWIN
        CTL PIN_CTLS, PIN_NMI | PIN_VNMI
        CTL PROC_CTLS, P_NMIWIN
        ROUND "not blocked", guest_code
        ROUND "blocked by MOV SS", guest_code, 2, 2
        ROUND "blocked by NMI, IRET ends it", iret_, 2, 8
        CTL PROC_CTLS, P_INTWIN
        ROUND "both windows", guest_code, 0x202
        GUEST
        nop
        vmcall
sti_:   sti
        nop
        nop
sti_sti: sti
        sti
        nop
sti_cli: sti
        cli
        vmcall
mov_ss: mov ecx, 0x10
        mov ss, ecx
        nop
popf_:  push 0x202
        popfq
        nop
iret_:  push 0x10
        push GUEST_STACK
        push 0x202
        push 0x18
        push guest_code
        iretq
sti_hlt: sti
        hlt
        nop
