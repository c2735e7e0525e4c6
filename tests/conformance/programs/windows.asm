; TITLE: interrupt and NMI windows, virtual NMIs, blocking
; SDM: "Other Causes of VM Exits" (windows); "Virtual NMIs"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_INTWIN
        VMW G_RFLAGS, 0x202
        ENTER "IF=1 at entry", vmlaunch
        VMW G_RFLAGS, 2
        ENTER "after sti; nop", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_RIP, g2
        VMW G_RFLAGS, 2
        ENTER "popf", vmresume
        VMW G_RFLAGS, 0x202
        VMW G_INTERRUPTIBILITY, 1
        VMW G_RIP, g3
        ENTER "entry with sti blocking", vmresume
        VMW G_INTERRUPTIBILITY, 2
        VMW G_RIP, g3
        ENTER "entry with mov ss blocking", vmresume
        VMW G_INTERRUPTIBILITY, 0
        VMW G_ACTIVITY, 0
        VMW G_RIP, g4
        VMW G_RFLAGS, 2
        VMW G_ACTIVITY, 0
        CLR PROC_CTLS, P_INTWIN
        CTL PIN_CTLS, PIN_NMI | 0x20
        CTL PROC_CTLS, P_NMIWIN
        VMW G_RFLAGS, 2
        VMW G_RIP, g3
        ENTER "nmi window", vmresume
        VMW G_INTERRUPTIBILITY, 8
        ENTER "blocked until iret", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 2
        VMW G_RIP, g3
        ENTER "nmi window with mov ss", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 1
        VMW G_RFLAGS, 0x202
        VMW G_RIP, g3
        ENTER "nmi window with sti", vmresume
        VMW G_INTERRUPTIBILITY, 0
        VMW G_RFLAGS, 2
        CLR PROC_CTLS, P_NMIWIN
        VMW ENTRY_INTR_INFO, 0x80000202
        VMW G_RIP, g3
        ENTER "inject virtual nmi", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        ENTER "handler returns", vmresume
        GUEST
        sti
        nop
        nop
        vmcall
g2:     push 0x202
        popfq
        nop
        vmcall
g3:     nop
        nop
        vmcall
g4:     sti
        hlt
        vmcall
