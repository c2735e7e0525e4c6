; TITLE: IA32_EFER, IA32_PAT, DR7 and the preemption timer saved and loaded; a VMX abort by a bad exit MSR area
; SDM: "Saving Control Registers, Debug Registers, and MSRs"; "VMX Aborts"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL ENTRY_CTLS, N_LOAD_EFER
        CTL EXIT_CTLS, X_SAVE_EFER | X_LOAD_EFER
        VMW G_EFER, 0x501
        VMW H_EFER, 0xD00
        ENTER "efer", vmlaunch
        SHOWV "guest efer", G_EFER
        mov ecx, 0xC0000080
        rdmsr
        SHOW "host efer", rax
        CLR EXIT_CTLS, X_LOAD_EFER
        VMW G_EFER, 0xD01
        VMW G_RIP, guest_code
        ENTER "efer not loaded", vmresume
        mov ecx, 0xC0000080
        rdmsr
        SHOW "host efer", rax
        CTL ENTRY_CTLS, 1<<14
        CTL EXIT_CTLS, (1<<18)|(1<<19)
        mov rax, 0x0606060606060606
        VMW G_PAT, rax
        mov rax, 0x0007040600070406
        VMW H_PAT, rax
        VMW G_RIP, guest_code
        ENTER "pat", vmresume
        SHOWV "guest pat", G_PAT
        mov ecx, 0x277
        rdmsr
        SHOW "pat low", rax
        VMW G_RIP, g2
        VMW G_DR7, 0x400
        CTL EXIT_CTLS, 4
        ENTER "dr7 saved", vmresume
        SHOWV "dr7", G_DR7
        CLR EXIT_CTLS, 4
        VMW G_DR7, 0x123
        VMW G_RIP, g2
        ENTER "dr7 not saved", vmresume
        SHOWV "dr7", G_DR7
        CLR ENTRY_CTLS, 4
        VMW G_RIP, g3
        ENTER "dr7 not loaded", vmresume
        SHOW "dr7 in guest", [g_rbx]
        GUEST
        mov ecx, 5
        vmcall
g2:     mov rax, 0x455
        mov dr7, rax
        vmcall
g3:     mov rbx, dr7
        vmcall
