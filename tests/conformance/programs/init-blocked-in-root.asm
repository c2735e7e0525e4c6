; TITLE: INIT is blocked in root operation and stays pending: it is the first exit (3) after a VM entry, in any activity state but wait-for-SIPI
; SDM: "Restrictions on VMX Operation" (INIT); "Other Causes of VM Exits" (INIT signals)
%include "vmxlab.inc"
%macro INIT 0                           ; to itself
        mov ebx, 0xFEE00000
        mov dword [rbx+0x310], 0
        mov dword [rbx+0x300], 0x4500
%endmacro
CASE
        VMX_ON
        VMCS_STD
        INIT
        nop
        TEXT "still here"
        ENTER "active", vmlaunch
        SHOWV "activity", G_ACTIVITY
        ENTER "only one", vmresume
        VMW G_RIP, guest_code
        INIT
        CTL PIN_CTLS, PIN_TIMER         ; ends a halt for nothing
        VMW PREEMPT_TIMER, 1000
        VMW G_ACTIVITY, 1
        ENTER "HLT", vmresume
        SHOWV "activity", G_ACTIVITY
        INIT
        VMW PREEMPT_TIMER, 1000
        VMW G_ACTIVITY, 2
        ENTER "shutdown", vmresume
        SHOWV "activity", G_ACTIVITY
        VMW G_ACTIVITY, 0
        CLR PIN_CTLS, PIN_TIMER
        INIT
        VMW ENTRY_INTR_INFO, 0x80000030
        VMW G_RFLAGS, 0x202
        ENTER "after the injected event", vmresume
        SHOWV "RSP", G_RSP
        VMW G_RFLAGS, 2
        VMW G_RIP, guest_code
        INIT
        VMW G_INTERRUPTIBILITY, 2
        ENTER "blocking by MOV SS does not block it", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        GUEST
        nop
        vmcall
