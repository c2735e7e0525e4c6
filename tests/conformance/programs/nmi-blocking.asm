; TITLE: blocking by NMI over entries and exits, and its end by IRET
; SDM: "Loading Guest Non-Register State"; "Information About NMI Unblocking Due to IRET"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        VMW G_INTERRUPTIBILITY, 8
        ENTER "blocked", vmlaunch
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW G_RIP, g2
        ENTER "not blocked", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        CTL PIN_CTLS, PIN_NMI | PIN_VNMI
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, g2
        ENTER "virtual blocking does not stop NMI exits", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_RIP, g3
        VMW G_INTERRUPTIBILITY, 8
        VMW EXC_BITMAP, 1<<13
        ENTER "iret gp unblocks", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        CLR PIN_CTLS, PIN_NMI | PIN_VNMI
        VMW G_RIP, g3
        VMW G_INTERRUPTIBILITY, 8
        ENTER "iret gp unblocks, no virtual nmis", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        USE_EPT
        mov qword [EPT_PD + 8*8], 0
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RSP, 0x1000000
        VMW G_RIP, g4
        ENTER "iret ept violation", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW EXC_BITMAP, 1<<14
        mov rax, 0x8000000000
        VMW G_RSP, rax
        VMW G_RIP, g4
        VMW G_INTERRUPTIBILITY, 8
        ENTER "iret pf", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        GUEST
        mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x310], 0
        mov dword [rbx+0x300], 0x04400
        nop
        nop
        vmcall
g2:     mov dword [rbx+0x300], 0x04400
        nop
        nop
        nop
        vmcall
g3:     push 0x23
        push 0
        push 2
        push 0x7b
        push 0
        iretq
g4:     iretq
