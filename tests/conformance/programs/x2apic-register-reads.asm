; TITLE: virtualize x2APIC mode: RDMSR of 800h to 8FFh reads the virtual-APIC page with register virtualization, without it only the TPR
; SDM: "Virtualizing MSR-Based APIC Accesses"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_TPR | P_SECONDARY | P_MSRBITMAP
        VMW PROC_CTLS2, S_X2APIC | S_APICREG
        VMW VAPIC_ADDR, VAPIC
        VMW TPR_THRESHOLD, 0
        VMW EXC_BITMAP, 1<<13
        mov rdi, VAPIC                  ; each register its own number, in all of the first 8 bytes
        xor ebx, ebx
.fill:  lea eax, [rbx + 0x11110000]
        mov [rdi], eax
        add eax, 0x11110000
        mov [rdi + 4], eax
        add rdi, 16
        inc ebx
        cmp ebx, 0x40
        jne .fill
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        ENTER "first", vmlaunch
        mov esi, registers
.read:  movzx eax, word [rsi]
        test eax, eax
        jz .done
        mov [g_rcx], rax
        VMW G_RIP, read
        ENTER "RDMSR", vmresume
        SHOW "ECX", [g_rcx]
        SHOW "EDX:EAX", [g_rbx]
        add esi, 2
        jmp .read
.done:  VMW PROC_CTLS2, S_X2APIC
        mov qword [g_rcx], 0x808
        VMW G_RIP, read
        ENTER "TPR without register virtualization", vmresume
        SHOW "EDX:EAX", [g_rbx]
        mov qword [g_rcx], 0x803
        VMW G_RIP, read
        ENTER "version without it", vmresume
        or byte [MSRBMP + 0x808/8], 1
        mov qword [g_rcx], 0x808
        VMW G_RIP, read
        ENTER "the MSR bitmap comes first", vmresume
        GUEST
        vmcall
read:   rdmsr
        shl rdx, 32
        lea rbx, [rdx + rax]
        vmcall
        section data
registers: dw 0x800, 0x802, 0x803, 0x808, 0x80A, 0x80B, 0x80F, 0x810, 0x827, 0x828, 0x830, 0x831, 0x83E, 0x83F, 0
