; TITLE: IRET ends blocking by NMI before it faults or exits; bit 12 of the information tells it, where it is defined
; SDM: "Information About NMI Unblocking Due to IRET"
%include "vmxlab.inc"
%macro ROUND 3                          ; label, RSP, interruptibility
        VMW G_RIP, guest_code
        VMW G_RSP, %2
        VMW G_INTERRUPTIBILITY, %3
        ENTER %1, vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PIN_CTLS, PIN_NMI | PIN_VNMI
        VMW EXC_BITMAP, 1<<12 | 1<<13 | 1<<14
        mov qword [0x300000], 0x110010  ; a frame
        mov qword [0x300008], 0x18
        mov qword [0x300010], 2
        mov qword [0x300018], GUEST_STACK
        mov qword [0x300020], 0x10
        VMW G_RIP, good
        ENTER "first", vmlaunch
        ROUND "completes", 0x300000, 8
        ROUND "page fault", 0x8000000000, 8
        SHOWV "error", EXIT_INTR_ERR
        ROUND "page fault, not blocked", 0x8000000000, 0
        ROUND "stack fault", 0x8000000000000000, 8
        mov qword [0x300008], 0xF8
        ROUND "#GP by the new CS", 0x300000, 8
        mov qword [0x300008], 0x18
        mov qword [EPT_PD + 8*8], 0
        mov eax, 2
        invept rax, [zeros]
        ROUND "EPT violation", 0x1000000, 8
        ROUND "EPT violation, not blocked", 0x1000000, 0
        mov qword [EPT_PD + 8*8], 0x10000B2
        mov eax, 2
        invept rax, [zeros]
        ROUND "EPT misconfiguration", 0x1000000, 8
        CLR PIN_CTLS, PIN_NMI | PIN_VNMI
        mov qword [EPT_PD + 8*8], 0
        mov eax, 2
        invept rax, [zeros]
        ROUND "EPT violation, no NMI exiting", 0x1000000, 8
        ROUND "completes, no NMI exiting", 0x300000, 8
        GUEST
        iretq
        times 14 nop
good:   vmcall
        section data
        align 8
zeros:  dq 0, 0
