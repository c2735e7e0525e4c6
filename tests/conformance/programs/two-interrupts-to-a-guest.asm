; TITLE: NMI and fixed interrupts that another processor sends end a guest's stay, or reach the guest, as the controls say
; SDM: "Pin-Based VM-Execution Controls"; "Other Causes of VM Exits"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
%macro PING 2                           ; the second one sends a command as soon as the guest runs
        mov dword [SCRATCH], %2
        mov byte [FLAGS + 2], 0
        mov byte [FLAGS + 1], 1
        ENTER %1, vmresume
        mov byte [FLAGS + 2], 0
        VMW G_RIP, spinning
%endmacro
CASE
        VMX_ON
        VMCS_STD
        START_SECOND second
        mov dword [rbx+0xD0], 0x01000000
        AWAIT 0
        ENTER "first entry", vmlaunch
        VMW G_RIP, spinning
        VMW G_RFLAGS, 0x202
        CTL PIN_CTLS, PIN_NMI | PIN_EXTINT
        PING "NMI", 0x4400
        SHOWV "interruption", EXIT_INTR_INFO
        PING "fixed", 0x4050
        SHOWV "interruption", EXIT_INTR_INFO
        TEXT "it stays pending in the local APIC"
        CTL EXIT_CTLS, X_ACKINT
        ENTER "at once", vmresume
        SHOWV "interruption", EXIT_INTR_INFO
        mov ebx, APIC_PAGE
        mov dword [rbx+0xB0], 0
        PING "fixed, acknowledged by the exit", 0x4051
        SHOWV "interruption", EXIT_INTR_INFO
        mov ebx, APIC_PAGE
        mov dword [rbx+0xB0], 0
        CTL EXIT_CTLS, X_ACKINT
        PING "lowest priority, logical", 0x4952
        SHOWV "interruption", EXIT_INTR_INFO
        jmp finish
second: APIC_ON
        mov dword [rbx+0xD0], 0x02000000
        TELL 0
.next:  AWAIT 1
        mov byte [FLAGS + 1], 0
        AWAIT 2                         ; the guest runs
        mov ebx, APIC_PAGE
        mov eax, [SCRATCH]
        mov dword [rbx+0x310], 0
        cmp ah, 0x49
        jne .send
        mov dword [rbx+0x310], 0x01000000
.send:  mov [rbx+0x300], eax
        jmp .next
        section guest
guest_code:
        vmcall
spinning: TELL 2
.w:     jmp .w
