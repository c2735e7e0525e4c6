; TITLE: virtualize x2APIC mode and virtual-interrupt delivery
; SDM: "Virtualizing MSR-Based APIC Accesses"; "Evaluation and Delivery of Virtual Interrupts"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY | P_TPR | P_MSRBITMAP
        VMW PROC_CTLS2, 1<<4
        VMW VAPIC_ADDR, VAPIC
        VMW TPR_THRESHOLD, 0
        mov dword [VAPIC+0x80], 0x40
        VMW EXC_BITMAP, 1<<13
        ENTER "rdmsr 808", vmlaunch
        SHOW "tpr", [g_rbx]
        VMW G_RIP, g2
        ENTER "wrmsr 808", vmresume
        SHOW "vtpr", [VAPIC+0x80]
        VMW G_RIP, g3
        ENTER "wrmsr 808 wide", vmresume
        VMW G_RIP, g4
        ENTER "rdmsr 80f", vmresume
        VMW PROC_CTLS2, (1<<4)|(1<<8)
        mov dword [VAPIC+0xF0], 0x1FF
        VMW G_RIP, g4
        ENTER "rdmsr 80f registers", vmresume
        SHOW "svr", [g_rbx]
        CTL PIN_CTLS, PIN_EXTINT
        VMW PROC_CTLS2, (1<<4)|(1<<8)|(1<<9)
        VMW 0x810, 0
        VMW G_RIP, g5
        VMW G_RFLAGS, 2
        ENTER "self ipi by 83f", vmresume
        SHOWV "status", 0x810
        SHOW "virr", [VAPIC+0x220]
        ENTER "then sti", vmresume
        SHOWV "status", 0x810
        SHOW "visr", [VAPIC+0x120]
        SHOW "vppr", [VAPIC+0xA0]
        VMW 0x201C, 0xFFFFFFFF
        ENTER "handler returns", vmresume
        VMW G_RIP, g6
        ENTER "eoi", vmresume
        SHOWV "status", 0x810
        VMW 0x810, 0x5100
        VMW 0x201E, -1
        mov dword [VAPIC+0x120], 1<<17
        VMW G_RIP, g6
        ENTER "eoi exit", vmresume
        VMW 0x810, 0x0061
        mov dword [VAPIC+0x80], 0
        VMW G_RFLAGS, 0x202
        VMW G_RIP, g7
        mov dword [VAPIC+0x230], 2
        ENTER "pending at entry", vmresume
        SHOWV "status", 0x810
        GUEST
        mov ecx, 0x808
        rdmsr
        mov ebx, eax
        vmcall
g2:     mov ecx, 0x808
        mov eax, 0x50
        xor edx, edx
        wrmsr
        vmcall
g3:     mov ecx, 0x808
        mov eax, 0x150
        xor edx, edx
        wrmsr
        vmcall
g4:     mov ecx, 0x80f
        rdmsr
        mov ebx, eax
        vmcall
g5:     mov ecx, 0x83f
        mov eax, 0x51
        xor edx, edx
        wrmsr
        vmcall
        sti
        nop
        nop
        vmcall
g6:     mov ecx, 0x80b
        xor eax, eax
        xor edx, edx
        wrmsr
        vmcall
g7:     nop
        vmcall
