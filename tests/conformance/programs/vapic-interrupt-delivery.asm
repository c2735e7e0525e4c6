; TITLE: virtual-interrupt delivery: a request above the virtual PPR is delivered by the guest's IDT; RVI, SVI, ISR, IRR follow
; SDM: "Virtual-Interrupt Delivery"; "Evaluation of Pending Virtual Interrupts"; "EOI Virtualization"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_EXTINT
        CTL PROC_CTLS, P_TPR | P_SECONDARY | P_MSRBITMAP
        VMW PROC_CTLS2, S_X2APIC | S_APICREG | S_VID
        VMW VAPIC_ADDR, VAPIC
        VMW TPR_THRESHOLD, 0
        mov byte [VAPIC + 0x210], 0     ; nothing requested
        or dword [VAPIC + 0x210], 1 << 16       ; 30h
        VMW G_INTR_STATUS, 0x30
        VMW G_RFLAGS, 2
        ENTER "IF = 0: not delivered", vmlaunch
        SHOWV "guest interrupt status", G_INTR_STATUS
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        mov dword [VAPIC + 0x80], 0x30
        ENTER "TPR of the same class: not delivered", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        mov dword [VAPIC + 0x80], 0x2F
        VMW G_RIP, guest_code
        VMW G_INTERRUPTIBILITY, 2
        ENTER "blocked by MOV SS for one instruction", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VPPR", [VAPIC + 0xA0]
        SHOW "VIRR", [VAPIC + 0x210]
        SHOW "VISR", [VAPIC + 0x110]
        VMW G_RIP, nested               ; in the handler: a higher one interrupts, a lower one waits
        or dword [VAPIC + 0x220], 1 << 16       ; 50h
        or dword [VAPIC + 0x210], 1 << 17       ; 31h
        VMW G_INTR_STATUS, 0x3050
        ENTER "50h interrupts 30h", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VPPR", [VAPIC + 0xA0]
        VMW G_RIP, end_of_interrupt
        ENTER "EOI of 50h: 30h is in service, 31h waits", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VPPR", [VAPIC + 0xA0]
        VMW G_RIP, end_of_interrupt
        VMW G_RFLAGS, 0x202
        ENTER "EOI of 30h: 31h is delivered", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        VMW G_RIP, end_of_interrupt
        VMW G_RFLAGS, 0x202
        ENTER "EOI of 31h", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VPPR", [VAPIC + 0xA0]
        VMW G_RIP, guest_code
        CTL PROC_CTLS, P_INTWIN
        or dword [VAPIC + 0x220], 1 << 16
        VMW G_INTR_STATUS, 0x50
        VMW G_RFLAGS, 0x202
        ENTER "interrupt-window exiting comes first", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        CLR PROC_CTLS, P_INTWIN
        VMW G_ACTIVITY, 1
        CTL PIN_CTLS, PIN_TIMER         ; ends a halt for nothing
        VMW PREEMPT_TIMER, 1000
        ENTER "it ends HLT", vmresume
        SHOWV "activity", G_ACTIVITY
        GUEST
        nop
        nop
        vmcall
nested: sti
        nop
        nop
        vmcall
end_of_interrupt:
        mov ecx, 0x80B
        xor eax, eax
        xor edx, edx
        wrmsr
        nop
        vmcall
