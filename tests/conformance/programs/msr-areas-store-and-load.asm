; TITLE: a VM exit stores the guest's MSRs, then loads the VMM's; SYSENTER, EFER and the base MSRs, and IA32_TSC, through areas
; SDM: "Saving MSRs"; "Loading MSRs"; "Loading Host Control Registers, Debug Registers, MSRs"
%include "vmxlab.inc"
%macro ENTRY_ 3                         ; area offset, MSR, value
        mov rax, %2
        mov [MSRAREA + %1], rax
        mov rax, %3
        mov [MSRAREA + %1 + 8], rax
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MSRBITMAP
        ENTRY_ 0x00, 0xC0000102, 0x1122334455   ; IA32_KERNEL_GS_BASE of the guest
        ENTRY_ 0x10, 0xC0000082, 0x110000       ; IA32_LSTAR
        ENTRY_ 0x20, 0x10, 1 << 44              ; IA32_TIME_STAMP_COUNTER
        ENTRY_ 0x30, 0x174, 0x1B                ; the field of the VMCS is loaded first: this wins
        VMW G_SYSENTER_CS, 0x8
        VMW ENTRY_MSR_LOAD, MSRAREA
        VMW ENTRY_MSR_LOAD_N, 4
        ENTRY_ 0x100, 0xC0000102, 0
        ENTRY_ 0x110, 0xC0000082, 0
        ENTRY_ 0x120, 0x174, 0
        ENTRY_ 0x130, 0xC0000100, 0             ; FS base may be stored
        ENTRY_ 0x140, 0xC0000080, 0
        VMW EXIT_MSR_STORE, MSRAREA + 0x100
        VMW EXIT_MSR_STORE_N, 5
        VMW G_FS_BASE, 0x5000
        ENTRY_ 0x200, 0xC0000102, 0x99
        ENTRY_ 0x210, 0xC0000082, 0x98
        ENTRY_ 0x220, 0x174, 0x97               ; after the field of the VMCS, too
        VMW EXIT_MSR_LOAD, MSRAREA + 0x200
        VMW EXIT_MSR_LOAD_N, 3
        ENTER "guest", vmlaunch
        SHOW "SYSENTER_CS of the guest", [g_rsi]
        SHOW "its TSC by 2^40", [g_rbx]
        SHOW "stored KERNEL_GS_BASE", [MSRAREA + 0x108]
        SHOW "stored LSTAR", [MSRAREA + 0x118]
        SHOW "stored SYSENTER_CS", [MSRAREA + 0x128]
        SHOW "stored FS_BASE", [MSRAREA + 0x138]
        SHOW "stored EFER", [MSRAREA + 0x148]
        SHOWV "SYSENTER_CS saved in the VMCS", G_SYSENTER_CS
%macro READ 2
        mov ecx, %2
        rdmsr
        SHOW %1, rax
%endmacro
        READ "KERNEL_GS_BASE of the VMM", 0xC0000102
        READ "LSTAR of the VMM", 0xC0000082
        READ "SYSENTER_CS of the VMM", 0x174
        GUEST
        rdtsc
        shr edx, 8
        mov ebx, edx
        mov ecx, 0x174
        rdmsr
        mov esi, eax
        mov ecx, 0xC0000102
        rdmsr
        inc eax
        wrmsr
        vmcall
