; TITLE: an unrestricted guest goes from 32-bit mode to IA-32e mode and back: IA32_EFER, CR0.PG and "IA-32e mode guest" follow
; SDM: "Unrestricted Guests"; "Saving Control Registers, Debug Registers, and MSRs"; "Initializing IA-32e Mode"
%include "vmxlab.inc"
%include "guest32.inc"
%macro STATE 0
        SHOWV "entry controls", ENTRY_CTLS
        SHOWV "EFER", G_EFER
        SHOWV "CR0", G_CR0
        SHOWV "CS rights", G_CS_AR
%endmacro
CASE
        VMX_ON
        VMCS_32
        USE_EPT
        CTL PROC_CTLS2, S_UG
        CTL PROC_CTLS, P_MSRBITMAP
        CTL ENTRY_CTLS, N_LOAD_EFER
        CTL EXIT_CTLS, X_SAVE_EFER | X_LOAD_EFER
        VMW H_EFER, 0x500
        VMW G_EFER, 0
        VMW G_CR0, 0x31
        VMW G_CR4, 0x2000
        VMW EXC_BITMAP, 1<<13
        ENTER "32-bit, no paging", vmlaunch
        STATE
        VMW G_RIP, no_pae
        VMW G_EFER, 0x100
        ENTER "PG with LME, without PAE", vmresume
        STATE
        VMW G_RIP, enter_
        VMW G_EFER, 0
        ENTER "compatibility mode", vmresume
        STATE
        NEXT
        ENTER "64-bit mode", vmresume
        STATE
        VMW G_RIP, change_lme
        ENTER "LME cannot change under PG", vmresume
        STATE
        VMW G_RIP, clear_pg
        ENTER "PG cannot be cleared in 64-bit code", vmresume
        STATE
        VMW G_RIP, to_32
        ENTER "back to 32-bit mode", vmresume
        STATE
        CLR ENTRY_CTLS, N_IA32E
        VMW G_EFER, 0x500
        ENTER "EFER.LMA against the control", vmresume
        GUEST
        bits 32
        vmcall
no_pae: mov eax, 0x80000031
        mov cr0, eax
        vmcall
enter_: mov eax, 0x20
        or eax, 0x2000
        mov cr4, eax
        mov eax, 0x10000
        mov cr3, eax
        mov ecx, 0xC0000080
        mov eax, 0x100
        xor edx, edx
        wrmsr
        mov eax, 0x80000031
        mov cr0, eax
        vmcall
        jmp 0x18:wide
        bits 64
wide:   vmcall
change_lme: mov ecx, 0xC0000080
        xor eax, eax
        xor edx, edx
        wrmsr
clear_pg: mov eax, 0x31
        mov cr0, rax
to_32:  push 8
        push narrow
        retfq
        bits 32
narrow: mov eax, 0x31
        mov cr0, eax
        vmcall
        bits 64
