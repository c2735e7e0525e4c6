; TITLE: virtual NMIs, IRET, activity states and pending debug exceptions of a guest
; SDM: "Virtual NMIs"; "Guest Non-Register State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_NMI|PIN_VNMI
        CTL PROC_CTLS, P_NMIWIN
        VMW G_INTERRUPTIBILITY, 8
        ENTER "nmi window", vmlaunch
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        ENTER "nmi window 2", vmresume
        CLR PROC_CTLS, P_NMIWIN
        ; iret fault with unblocking
        VMW G_INTERRUPTIBILITY, 8
        VMW EXC_BITMAP, 1<<13
        VMW G_RIP, gu_iretbad
        VMW G_RSP, GUEST_STACK
        ENTER "iret gp", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW EXC_BITMAP, 1<<14
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, gu_iretpf
        ENTER "iret pf", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW EXC_BITMAP, 1<<6
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, gu_ud
        ENTER "ud blocked", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        ; no virtual nmi, nmi exiting: iret doesn't unblock
        CLR PIN_CTLS, PIN_VNMI
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, gu_iretok
        VMW G_RSP, GUEST_STACK
        ENTER "iret, nmi exiting", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        CLR PIN_CTLS, PIN_NMI
        VMW G_INTERRUPTIBILITY, 8
        VMW G_RIP, gu_iretok
        VMW G_RSP, GUEST_STACK
        ENTER "iret, no nmi exiting", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        ; nmi to guest idt
        VMW G_RIP, gu_nmi
        ENTER "nmi in guest", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        ; external interrupt in HLT guest
        CTL PIN_CTLS, PIN_EXTINT
        CTL EXIT_CTLS, X_ACKINT
        VMW G_RIP, gu_hlt
        VMW G_RFLAGS, 0x202
        ENTER "hlt, timer", vmresume
        SHOWV "activity", G_ACTIVITY
        mov ebx, 0xFEE00000
        mov dword [rbx+0xB0], 0
        VMW G_ACTIVITY, 0
        ; interrupt delivered in guest
        CLR PIN_CTLS, PIN_EXTINT
        VMW G_RIP, gu_ipi
        ENTER "ipi in guest", vmresume
        SHOWV "rflags", G_RFLAGS
        mov dword [rbx+0xB0], 0
        ; activity shutdown / wait for sipi
        CTL PIN_CTLS, PIN_TIMER
        VMW G_RIP, gu_ud
        VMW G_RFLAGS, 2
        VMW G_ACTIVITY, 2
        VMW PREEMPT_TIMER, 100
        ENTER "shutdown + timer", vmresume
        SHOWV "activity", G_ACTIVITY
        ; tf + vmexit cpuid
        VMW G_ACTIVITY, 0
        CLR PIN_CTLS, PIN_TIMER
        VMW G_RFLAGS, 0x102
        VMW G_RIP, gu_tf
        VMW EXC_BITMAP, 1<<1
        ENTER "cpuid with tf", vmresume
        SHOWV "pending", G_PENDING_DBG
        NEXT
        VMW G_PENDING_DBG, 1<<14
        ENTER "pending bs", vmresume
        SHOWV "pending", G_PENDING_DBG
        SHOWV "rip", G_RIP
        VMW G_RFLAGS, 2
        VMW G_PENDING_DBG, 0x1003
        ENTER "pending bp", vmresume
        VMW G_PENDING_DBG, 0x3
        ENTER "pending not enabled", vmresume
        ; mov ss with pending
        VMW G_PENDING_DBG, 0x1001
        VMW G_INTERRUPTIBILITY, 2
        VMW G_RIP, gu_nops
        ENTER "pending, mov ss", vmresume
        SHOWV "pending", G_PENDING_DBG
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        ; dr7 breakpoints in guest
        VMW G_PENDING_DBG, 0
        VMW G_INTERRUPTIBILITY, 0
        VMW G_RIP, gu_dr
        ENTER "exec bp exit", vmresume
        SHOWV "rflags", G_RFLAGS
        mov rax, dr6
        SHOW "dr6", rax
        GUEST
        push 0x10
        push GUEST_STACK
        push 2
        push 0x18
        push g1
        iretq
g1:     nop
        vmcall
gu_iretbad:
        push 0x10
        push GUEST_STACK
        push 2
        push 0x58
        push g1
        iretq
gu_iretpf: mov rsp, 0x3ffffffff8
        iretq
gu_ud:  ud2
gu_iretok: push 0x10
        push GUEST_STACK
        push 2
        push 0x18
        push g2
        iretq
g2:     vmcall
gu_nmi: mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x310], 0
        mov dword [rbx+0x300], 0x400
        nop
        vmcall
gu_hlt: mov ebx, 0xFEE00000
        mov dword [rbx+0xF0], 0x1FF
        mov dword [rbx+0x3E0], 0xB
        mov dword [rbx+0x320], 0x77
        mov dword [rbx+0x380], 5000
        hlt
        vmcall
gu_ipi: mov ebx, 0xFEE00000
        sti
        nop
        mov dword [rbx+0x300], 0x44078
        nop
        vmcall
gu_tf:  cpuid
        nop
        vmcall
gu_nops: nop
        nop
        vmcall
gu_dr:  mov rax, gbp
        mov dr0, rax
        mov eax, 0x402
        mov dr7, rax
        nop
gbp:    nop
        vmcall
