; TITLE: the activity states HLT, shutdown and wait-for-SIPI: what ends each, and what the exit saves
; SDM: "Guest Non-Register State" (activity state); "Saving Non-Register State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_EXTINT
        CTL EXIT_CTLS, X_ACKINT
        VMW G_RFLAGS, 0x202
        ENTER "self ipi", vmlaunch
        SHOWV "activity", G_ACTIVITY
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        mov ebx, 0xFEE00000
        mov dword [rbx+0xB0], 0
        mov dword [rbx+0x300], 0x44050
        VMW G_ACTIVITY, 1
        VMW G_RFLAGS, 0x202
        ENTER "enter hlt with pending", vmresume
        SHOWV "activity", G_ACTIVITY
        mov dword [rbx+0xB0], 0
        CLR PIN_CTLS, PIN_EXTINT
        CLR EXIT_CTLS, X_ACKINT
        mov dword [rbx+0x300], 0x44060
        VMW G_ACTIVITY, 1
        VMW G_RFLAGS, 0x202
        VMW G_RIP, g2
        ENTER "hlt woken by guest interrupt", vmresume
        SHOWV "activity", G_ACTIVITY
        mov dword [rbx+0xB0], 0
        CTL PIN_CTLS, PIN_NMI
        mov dword [rbx+0x300], 0x04400
        VMW G_ACTIVITY, 2
        VMW G_RFLAGS, 0x2
        VMW G_RIP, g2
        ENTER "shutdown and nmi", vmresume
        SHOWV "activity", G_ACTIVITY
        VMW G_ACTIVITY, 2
        VMW ENTRY_INTR_INFO, 0x80000202
        ENTER "shutdown injecting nmi", vmresume
        SHOWV "activity", G_ACTIVITY
        VMW G_ACTIVITY, 3
        VMW ENTRY_INTR_INFO, 0
        VMW G_INTERRUPTIBILITY, 0
        CTL PIN_CTLS, PIN_TIMER
        VMW G_RIP, g2
        VMW PREEMPT_TIMER, 100
        ENTER "wait-for-sipi, injecting nothing, timer", vmresume
        DONE
        GUEST
        mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x310], 0
        cli
        mov dword [rbx+0x300], 0x44040
        nop
        nop
        hlt
        nop
        vmcall
g2:     nop
        vmcall
