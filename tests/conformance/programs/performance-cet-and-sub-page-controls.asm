; TITLE: the controls of IA32_PERF_GLOBAL_CTRL, CET state, XSAVES and sub-page write permissions
; SDM: "Loading Guest State"; "Loading MSRs"; "Changes to Instruction Behavior in VMX Non-Root Operation"; "Sub-Page Write Permissions"
%include "vmxlab.inc"
G_PERF          equ 0x2808
H_PERF          equ 0x2C04
G_S_CET         equ 0x6828
G_SSP           equ 0x682A
G_SSP_TABLE     equ 0x682C
H_S_CET         equ 0x6C18
H_SSP           equ 0x6C1A
H_SSP_TABLE     equ 0x6C1C
SPPTP           equ 0x2030
S_XSAVES        equ 1<<20
S_SPP           equ 1<<23
X_LOAD_PERF     equ 1<<12
X_LOAD_CET      equ 1<<28
N_LOAD_PERF     equ 1<<13
N_LOAD_CET      equ 1<<20
CASE
        VMX_ON
        VMCS_STD
        CTL ENTRY_CTLS, N_LOAD_PERF
        CTL EXIT_CTLS, X_LOAD_PERF
        VMW G_PERF, 0xF
        VMW H_PERF, 3
        ENTER "performance enables", vmlaunch
        CLR ENTRY_CTLS, N_LOAD_PERF
        CLR EXIT_CTLS, X_LOAD_PERF
        CTL PROC_CTLS, P_MSRBITMAP      ; the guest may read MSRs
        VMW MSR_BITMAP, 0x305000
        CTL ENTRY_CTLS, N_LOAD_CET
        CTL EXIT_CTLS, X_LOAD_CET
        VMW G_S_CET, 3
        VMW G_SSP, 0x300100
        VMW G_SSP_TABLE, 0x300200
        VMW H_S_CET, 0
        VMW H_SSP, 0x300300
        VMW H_SSP_TABLE, 0x300400
        VMW G_RIP, read_cet
        ENTER "CET state", vmresume
        SHOW "guest's IA32_S_CET", [g_rax]
        SHOW "guest's table of SSPs", [g_rbx]
        SHOWV "saved IA32_S_CET", G_S_CET
        SHOWV "saved SSP", G_SSP
        SHOWV "saved table of SSPs", G_SSP_TABLE
        mov ecx, 0x6A2
        rdmsr
        SHOW "host's IA32_S_CET", rax
        mov ecx, 0x6A8
        rdmsr
        SHOW "host's table of SSPs", rax
        CLR ENTRY_CTLS, N_LOAD_CET
        CLR EXIT_CTLS, X_LOAD_CET
        CTL PROC_CTLS, P_SECONDARY
        VMW EXC_BITMAP, 1<<6
        VMW G_RIP, save
        ENTER "XSAVES without its control", vmresume
        VMW PROC_CTLS2, S_XSAVES
        VMW G_RIP, save
        ENTER "XSAVES without CR4.OSXSAVE", vmresume
        USE_EPT
        CTL PROC_CTLS2, S_SPP
        VMW SPPTP, 0x304000
        VMW G_RIP, guest_code
        ENTER "sub-page write permissions", vmresume
        DONE
        GUEST
        vmcall
read_cet: mov ecx, 0x6A8
        rdmsr
        mov ebx, eax
        mov ecx, 0x6A2
        rdmsr
        vmcall
save:   xsaves [0x300800]
        vmcall
