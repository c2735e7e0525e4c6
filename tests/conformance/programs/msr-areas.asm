; TITLE: MSR areas of entry and exit: what they load and store, what they refuse
; SDM: "Loading MSRs"; "Saving MSRs"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MSRBITMAP
        mov rdi, MSRAREA
        mov dword [rdi], 0xC0000102
        mov qword [rdi+8], 0x1234567
        mov dword [rdi+16], 0xC0000081
        mov qword [rdi+24], 0x890
        mov dword [rdi+0x100], 0xC0000102
        mov qword [rdi+0x110], 0x10
        mov qword [rdi+0x118], 0
        mov dword [rdi+0x120], 0xC0000080
        mov dword [rdi+0x200], 0xC0000102
        mov qword [rdi+0x208], 0x777
        VMW ENTRY_MSR_LOAD, MSRAREA
        VMW ENTRY_MSR_LOAD_N, 2
        VMW EXIT_MSR_STORE, MSRAREA+0x100
        VMW EXIT_MSR_STORE_N, 3
        VMW EXIT_MSR_LOAD, MSRAREA+0x200
        VMW EXIT_MSR_LOAD_N, 1
        ENTER "launch", vmlaunch
        SHOW "guest saw", [g_rbx]
        SHOW "stored kernel gs base", [MSRAREA+0x108]
        SHOW "stored efer", [MSRAREA+0x128]
        mov ecx, 0xC0000102
        rdmsr
        SHOW "host kernel gs base", rax
        mov ecx, 0xC0000081
        rdmsr
        SHOW "host star", rax
        mov qword [rdi], 0x800
        ENTER "x2apic", vmresume
        mov qword [rdi], 0x1B
        ENTER "apicbase 0", vmresume
        mov dword [rdi], 0xC0000080
        mov qword [rdi+8], 0x502
        ENTER "efer bad", vmresume
        mov qword [rdi+8], 0x501
        ENTER "efer sce", vmresume
        SHOW "stored efer", [MSRAREA+0x128]
        mov qword [rdi+8], 0x100
        ENTER "efer without LMA", vmresume
        SHOW "stored efer", [MSRAREA+0x128]
        mov qword [rdi+8], 0
        ENTER "efer without LME", vmresume
        mov qword [rdi], 0x10
        ENTER "tsc", vmresume
        mov qword [rdi], 0x277
        mov qword [rdi+8], 2
        ENTER "bad pat", vmresume
        mov qword [rdi], 0x3A
        ENTER "feature control", vmresume
        mov qword [rdi], 0x176
        mov rax, 0x800000000000
        mov [rdi+8], rax
        ENTER "sysenter eip", vmresume
        mov qword [rdi+8], 0x1
        mov dword [rdi+16], 0xC0000100
        ENTER "no such msr", vmresume
        mov qword [rdi+0x200], 0x174
        mov qword [rdi+0x208], 0x99
        ENTER "failed entry loads the exit list", vmresume
        mov ecx, 0x174
        rdmsr
        SHOW "sysenter cs", rax
        mov ecx, 0x176
        rdmsr
        SHOW "sysenter eip", rax
        GUEST
        mov ecx, 0xC0000102
        rdmsr
        mov ebx, eax
        mov eax, 0x5555
        wrmsr
        vmcall
