; TITLE: MOV-DR exiting: qualification of each register and direction; it comes before #DB by GD, #UD by DE and #GP by CPL
; SDM: "Exit Qualification for MOV DR"; "Relative Priority of Faults and VM Exits"
%include "vmxlab.inc"
%macro ROUND 2
        VMW G_RIP, %2
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MOVDR
        CTL ENTRY_CTLS, N_LOAD_DEBUG
        CTL EXIT_CTLS, X_SAVE_DEBUG
        VMW EXC_BITMAP, 1<<1 | 1<<6 | 1<<13
        ENTER "MOV RAX, DR0", vmlaunch
        ROUND "MOV DR3, R15", to_dr3
        ROUND "MOV DR7, RBX", to_dr7
        ROUND "MOV RSP, DR6", from_dr6
        ROUND "MOV DR4, RAX", to_dr4
        VMW G_CR4, 0x2028
        ROUND "MOV DR4 with CR4.DE", to_dr4
        VMW G_DR7, 0x2400
        ROUND "MOV with DR7.GD", to_dr3
        VMW G_CR4, 0x2020
        mov rax, 1 << 32
        mov [g_rbx], rax
        ROUND "a value above 31 bits to DR7", to_dr7
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        ROUND "at CPL 3", to_dr3
        VMW G_CS_SEL, 0x18
        VMW G_CS_AR, 0xA09B
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
        CLR PROC_CTLS, P_MOVDR
        TEXT "without the control"
        ROUND "MOV with DR7.GD", to_dr3
        SHOWV "DR7", G_DR7
        SHOW "DR6 of the VMM", dr6
        VMW G_DR7, 0x400
        ROUND "a value above 31 bits to DR7", to_dr7
        VMW G_CR4, 0x2028
        ROUND "MOV DR4 with CR4.DE", to_dr4
        GUEST
        mov rax, dr0
to_dr3: mov dr3, r15
        vmcall
to_dr7: mov dr7, rbx
        vmcall
from_dr6: mov rsp, dr6
        vmcall
to_dr4: mov dr4, rax
        vmcall
