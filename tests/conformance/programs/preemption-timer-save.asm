; TITLE: the VMX-preemption timer: loaded by every entry, saved on exit only with its control, 0 after it has expired
; SDM: "VMX-Preemption Timer"; "Saving Non-Register State"
%include "vmxlab.inc"
%macro BIG 1                            ; the timer runs by the clock: only its upper half is shown
        push rax
        push rcx
        mov eax, PREEMPT_TIMER
        vmread rcx, rax
        shr rcx, 31
        mov [SCRATCH], rcx
        pop rcx
        pop rax
        SHOW %1, [SCRATCH]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_TIMER
        VMW PREEMPT_TIMER, -1
        ENTER "far away", vmlaunch
        SHOWV "not saved without the control", PREEMPT_TIMER
        CTL EXIT_CTLS, X_SAVE_TIMER
        VMW G_RIP, guest_code
        ENTER "far away, saved", vmresume
        BIG "its top bit"
        VMW PREEMPT_TIMER, 0
        VMW G_RIP, guest_code
        ENTER "0", vmresume
        BIG "its top bit"
        VMW PREEMPT_TIMER, 30
        VMW G_RIP, forever
        ENTER "in a loop", vmresume
        SHOWV "saved", PREEMPT_TIMER
        VMW PREEMPT_TIMER, 30
        VMW G_ACTIVITY, 1
        ENTER "in HLT", vmresume
        SHOWV "saved", PREEMPT_TIMER
        VMW G_ACTIVITY, 2
        VMW PREEMPT_TIMER, 30
        ENTER "in shutdown", vmresume
        SHOWV "activity", G_ACTIVITY
        VMW G_ACTIVITY, 0
        VMW PREEMPT_TIMER, 0
        VMW ENTRY_INTR_INFO, 0x80000030
        VMW G_RFLAGS, 0x202
        ENTER "0, with an injected interrupt: after its delivery", vmresume
        SHOWV "RSP", G_RSP
        VMW G_RFLAGS, 0x102
        VMW G_RIP, guest_code
        VMW PREEMPT_TIMER, 0
        ENTER "0, with TF: before the first instruction", vmresume
        VMW G_RFLAGS, 2
        VMW G_INTERRUPTIBILITY, 2
        ENTER "0, with blocking by MOV SS", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        CLR PIN_CTLS, PIN_TIMER
        ENTER "saving without the timer", vmresume
        GUEST
        nop
        vmcall
forever: jmp forever
