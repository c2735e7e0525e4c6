; TITLE: pending debug exceptions of the VMCS are delivered after the entry, after MOV SS blocking ends, not into an injected event
; SDM: "Delivery of Pending Debug Exceptions after VM Entry"; "Pending Debug Exceptions"
%include "vmxlab.inc"
%macro ROUND 4-5 0                      ; label, pending, RFLAGS, interruptibility, injected
        VMW G_RIP, guest_code
        VMW G_RSP, GUEST_STACK
        VMW G_PENDING_DBG, %2
        VMW G_RFLAGS, %3
        VMW G_INTERRUPTIBILITY, %4
        VMW ENTRY_INTR_INFO, %5
        ENTER %1, vmresume
        SHOWV "pending", G_PENDING_DBG
        SHOWV "interruptibility", G_INTERRUPTIBILITY
%endmacro
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 1<<1
        ENTER "none", vmlaunch
        ROUND "BS", 0x4000, 0x102, 0
        ROUND "B0 and enabled breakpoint", 0x1001, 2, 0
        ROUND "B0 without the enabled bit", 1, 2, 0
        ROUND "BS under MOV SS", 0x4000, 0x102, 2
        ROUND "B0 under MOV SS", 0x1001, 2, 2
        ROUND "with an injected interrupt", 0x1001, 0x202, 0, 0x80000030
        ROUND "with an injected #DB", 0x4000, 0x102, 0, 0x80000301
        VMW EXC_BITMAP, 0
        ROUND "BS by the guest's own IDT", 0x4000, 0x102, 0
        SHOW "RIP that was pushed", [GUEST_STACK - 40]
        SHOW "DR6", dr6
        GUEST
        nop
        nop
        nop
        vmcall
