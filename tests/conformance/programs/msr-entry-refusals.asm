; TITLE: what the VM-entry MSR-load area refuses; the exit qualification is the number of the entry
; SDM: "Loading MSRs"; "VM-Entry Failures During or After Loading Guest State"
%include "vmxlab.inc"
%macro BAD 3                            ; label, first 8 bytes of the second entry, value
        mov rax, %2
        mov [MSRAREA + 16], rax
        mov rax, %3
        mov [MSRAREA + 24], rax
        ENTER %1, vmlaunch
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MSRBITMAP
        mov qword [MSRAREA], 0x175      ; the first is good
        mov qword [MSRAREA + 8], 0x1234
        mov qword [MSRAREA + 32], 0x176 ; the third never comes
        mov qword [MSRAREA + 40], 0x5678
        VMW ENTRY_MSR_LOAD, MSRAREA
        VMW ENTRY_MSR_LOAD_N, 3
        BAD "IA32_FS_BASE", 0xC0000100, 0
        BAD "IA32_GS_BASE", 0xC0000101, 0
        BAD "x2APIC 800h", 0x800, 0
        BAD "x2APIC 8FFh", 0x8FF, 0
        BAD "reserved bits 63:32", 0x100000174, 0
        BAD "IA32_SMM_MONITOR_CTL", 0x9B, 0
        BAD "IA32_BIOS_UPDT_TRIG", 0x79, 0
        BAD "not canonical", 0x176, 1 << 47
        BAD "reserved bits of IA32_PAT", 0x277, 0xFF00000000000000
        BAD "IA32_EFER, a reserved bit", 0xC0000080, 0x2500
        BAD "IA32_VMX_BASIC, read-only", 0x480, 0
        BAD "no such MSR", 0x4000, 0
        mov ecx, 0x176
        rdmsr
        SHOW "SYSENTER_EIP", rax
        BAD "legal", 0x174, 0x8
        mov ecx, 0x176
        rdmsr
        SHOW "SYSENTER_EIP of the VMM", rax
        SHOW "of the guest", [g_rbx]
        GUEST
        mov ecx, 0x176
        rdmsr
        mov rbx, rax
        vmcall
