; TITLE: the monitor trap flag with an injected event, an exception, an exit of the instruction, REP and HLT: where its exit comes
; SDM: "Monitor Trap Flag"; "Injection of Pending MTF VM Exits"
%include "vmxlab.inc"
%macro ROUND 2-3 2
        VMW G_RIP, %2
        VMW G_RFLAGS, %3
        VMW G_RSP, GUEST_STACK
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MTF
        mov qword [g_rcx], 3
        mov qword [g_rdi], SCRATCH
        mov qword [g_rsi], SCRATCH
        ENTER "a NOP", vmlaunch
        ROUND "an instruction that exits itself", exits_
        VMW ENTRY_INTR_INFO, 0x80000030
        ROUND "after an injected interrupt", guest_code, 0x202
        SHOWV "RSP", G_RSP
        VMW ENTRY_INTR_INFO, 0x80000301
        ROUND "after an injected exception", guest_code
        ROUND "an exception: before its handler's first instruction", invalid
        SHOWV "RSP", G_RSP
        VMW EXC_BITMAP, 1<<6
        ROUND "an exception that exits itself", invalid
        VMW EXC_BITMAP, 0
        ROUND "INT n", int_n
        ROUND "REP: after one iteration", rep_
        SHOW "RCX", [g_rcx]
        mov qword [g_rcx], 0x10
        ROUND "MOV SS: blocking does not put it off", mov_ss
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        ROUND "STI", sti_
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        CLR PROC_CTLS, P_MTF
        VMW ENTRY_INTR_INFO, 0x80000700
        ROUND "injected without the control", guest_code
        SHOWV "RIP", G_RIP
        GUEST
        nop
        vmcall
exits_: cpuid
invalid: ud2
int_n:  int 0x30
rep_:   rep movsb
        vmcall
mov_ss: mov ss, ecx
        vmcall
sti_:   sti
        nop
        vmcall
