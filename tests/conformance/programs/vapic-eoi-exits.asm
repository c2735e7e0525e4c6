; TITLE: EOI virtualization: the EOI-exit bitmap of the vector makes exit 45 with the vector; writes of EOI, self-IPI and TPR are virtualized
; SDM: "EOI Virtualization"; "Self-IPI Virtualization"; "Virtualizing MSR-Based APIC Accesses"
%include "vmxlab.inc"
%macro EOI 2                            ; label, vector in service
        mov dword [VAPIC + 0x100 + (%2 >> 5) * 16], 1 << (%2 & 31)
        VMW G_INTR_STATUS, %2 << 8
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VISR", [VAPIC + 0x100 + (%2 >> 5) * 16]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PIN_CTLS, PIN_EXTINT
        CTL PROC_CTLS, P_TPR | P_SECONDARY | P_MSRBITMAP
        VMW PROC_CTLS2, S_X2APIC | S_APICREG | S_VID
        VMW VAPIC_ADDR, VAPIC
        VMW TPR_THRESHOLD, 0
        VMW EXC_BITMAP, 1<<13
        mov rax, 1 << 0x21 | 1 << 0x3F
        VMW EOI_EXIT0, rax
        VMW EOI_EXIT1, 1 << 0
        ENTER "nothing in service", vmlaunch
        SHOWV "guest interrupt status", G_INTR_STATUS
        EOI "20h: no exit", 0x20
        EOI "21h: exit", 0x21
        EOI "3Fh: exit", 0x3F
        EOI "40h: exit by the second field", 0x40
        EOI "41h: no exit", 0x41
        VMW G_RIP, eoi_bad
        ENTER "EOI of another value", vmresume
        VMW G_RIP, self_ipi
        VMW G_INTR_STATUS, 0
        ENTER "self-IPI", vmresume
        SHOWV "guest interrupt status", G_INTR_STATUS
        SHOW "VIRR", [VAPIC + 0x270]
        VMW G_RIP, self_ipi_bad
        ENTER "self-IPI of a vector below 16", vmresume
        VMW G_RIP, self_ipi_wide
        ENTER "self-IPI, reserved bits", vmresume
        VMW G_RIP, icr
        ENTER "ICR is not virtualized", vmresume
        GUEST
        mov ecx, 0x80B
        xor eax, eax
        xor edx, edx
        wrmsr
        nop
        vmcall
eoi_bad: mov ecx, 0x80B
        mov eax, 1
        xor edx, edx
        wrmsr
        vmcall
self_ipi: mov ecx, 0x83F
        mov eax, 0xE3
        xor edx, edx
        wrmsr
        vmcall
self_ipi_bad: mov ecx, 0x83F
        mov eax, 5
        xor edx, edx
        wrmsr
        vmcall
self_ipi_wide: mov ecx, 0x83F
        mov eax, 0x1E3
        xor edx, edx
        wrmsr
        vmcall
icr:    mov ecx, 0x830
        xor eax, eax
        xor edx, edx
        wrmsr
