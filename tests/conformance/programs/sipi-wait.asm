; TITLE: wait-for-SIPI: a SIPI ends it by exit 4 with the vector; outside this state it is dropped; NMI and INIT do not end it
; SDM: "Other Causes of VM Exits" (SIPIs); "Guest Non-Register State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        mov ebx, 0xFEE00000
        mov dword [rbx+0x310], 0
        mov dword [rbx+0x300], 0x4623   ; a start-up IPI to itself, in root operation: dropped
        ENTER "active", vmlaunch
        CTL PIN_CTLS, PIN_TIMER
        VMW PREEMPT_TIMER, 50
        VMW G_ACTIVITY, 3
        VMW ENTRY_INTR_INFO, 0x80000202
        ENTER "injecting an NMI into it", vmresume
        VMW ENTRY_INTR_INFO, 0x80000030
        VMW G_RFLAGS, 0x202
        ENTER "injecting an interrupt into it", vmresume
        VMW ENTRY_INTR_INFO, 0
        VMW G_INTERRUPTIBILITY, 1
        ENTER "with blocking by STI", vmresume
        GUEST
        mov ebx, 0xFEE00000
        mov dword [rbx+0x300], 0x4624
        nop
        vmcall
