; TITLE: external-interrupt exits without and with "acknowledge interrupt on exit": IRR and ISR of the local APIC, the vector, what pends
; SDM: "External Interrupts" (exits); "VM-Exit Controls" (acknowledge interrupt on exit)
%include "vmxlab.inc"
APIC    equ 0xFEE00000
%macro STATE 0
        mov eax, [rbx + 0x220]
        SHOW "IRR of 40h to 5Fh", rax
        mov eax, [rbx + 0x120]
        SHOW "ISR", rax
%endmacro
%macro IPI 1
        mov dword [rbx + 0x310], 0
        mov dword [rbx + 0x300], 0x44000 | %1
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov ebx, APIC
        mov dword [rbx + 0xF0], 0x1FF
        CTL PIN_CTLS, PIN_EXTINT
        VMW G_RFLAGS, 0x202
        IPI 0x41
        IPI 0x52
        ENTER "not acknowledged", vmlaunch
        STATE
        ENTER "it is still pending", vmresume
        CTL EXIT_CTLS, X_ACKINT
        ENTER "acknowledged: the higher one", vmresume
        STATE
        ENTER "the lower one waits for the EOI: the guest runs", vmresume
        mov dword [rbx + 0xB0], 0
        VMW G_RIP, guest_code
        ENTER "after the EOI", vmresume
        STATE
        mov dword [rbx + 0xB0], 0
        IPI 0x41
        VMW G_RIP, guest_code
        VMW G_INTERRUPTIBILITY, 1
        ENTER "blocking by STI puts it off", vmresume
        mov dword [rbx + 0xB0], 0
        IPI 0x41
        VMW G_RIP, guest_code
        VMW G_INTERRUPTIBILITY, 0
        VMW ENTRY_INTR_INFO, 0x80000301
        ENTER "after an injected exception", vmresume
        SHOWV "RSP", G_RSP
        mov dword [rbx + 0xB0], 0
        mov dword [rbx + 0x80], 0x40   ; TPR
        IPI 0x41
        VMW G_RIP, guest_code
        ENTER "held back by the TPR", vmresume
        STATE
        GUEST
        nop
        vmcall
