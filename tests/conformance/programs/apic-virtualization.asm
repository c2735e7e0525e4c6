; TITLE: reads and writes of the APIC-access page with TPR shadow and APIC-register virtualization
; SDM: "Virtualizing Memory-Mapped APIC Accesses"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY | P_TPR
        VMW PROC_CTLS2, S_APICACC | 1<<8
        VMW VAPIC_ADDR, VAPIC
        VMW APIC_ACCESS, 0xFEE00000
        VMW TPR_THRESHOLD, 0
        mov dword [VAPIC+0x20], 0x7000000
        mov dword [VAPIC+0x300], 0x4141
        ENTER "reads", vmlaunch
        SHOW "id", [g_rcx]
        SHOW "icr", [g_rdx]
        NEXT
        ENTER "read of 390h", vmresume
        VMW G_RIP, g2
        ENTER "write icr low", vmresume
        SHOW "vicr", [VAPIC+0x300]
        VMW G_RIP, g3
        ENTER "write icr high", vmresume
        SHOW "vicr", [VAPIC+0x310]
        VMW G_RIP, g4
        ENTER "write eoi", vmresume
        VMW G_RIP, g5
        ENTER "write svr", vmresume
        VMW G_RIP, g6
        ENTER "write isr", vmresume
        VMW G_RIP, g7
        ENTER "unaligned read", vmresume
        VMW G_RIP, g8
        ENTER "8-byte read", vmresume
        VMW G_RIP, g9
        ENTER "byte read", vmresume
        SHOW "byte", [g_rcx]
        VMW G_RIP, g10
        ENTER "read at offset 4", vmresume
        VMW TPR_THRESHOLD, 3
        VMW G_RIP, g11
        ENTER "tpr below", vmresume
        mov dword [VAPIC+0x80], 0x20
        VMW G_RIP, g11
        ENTER "below at entry", vmresume
        mov dword [VAPIC+0x80], 0x30
        VMW G_RIP, g12
        ENTER "cr8", vmresume
        VMW TPR_THRESHOLD, 0
        VMW PROC_CTLS2, S_APICACC
        VMW G_RIP, g13
        ENTER "fetch", vmresume
        VMW G_RIP, g14
        ENTER "rmw tpr", vmresume
        SHOW "vtpr", [VAPIC+0x80]
        VMW G_RIP, g15
        ENTER "rmw other", vmresume
        GUEST
        mov ebx, 0xFEE00000
        mov ecx, [rbx+0x20]
        mov edx, [rbx+0x300]
        vmcall
        mov ecx, [rbx+0x390]
        vmcall
g2:     mov dword [rbx+0x300], 0x4042
        vmcall
g3:     mov dword [rbx+0x310], 0x12345678
        vmcall
g4:     mov dword [rbx+0xB0], 0
        vmcall
g5:     mov dword [rbx+0xF0], 0x1FF
        vmcall
g6:     mov dword [rbx+0x100], 0
        vmcall
g7:     mov ecx, [rbx+0x22]
        vmcall
g8:     mov rcx, [rbx+0x20]
        vmcall
g9:     movzx ecx, byte [rbx+0x23]
        vmcall
g10:    mov ecx, [rbx+0x24]
        vmcall
g11:    mov dword [rbx+0x80], 0x20
        nop
        vmcall
g12:    xor eax, eax
        mov cr8, rax
        nop
        vmcall
g13:    vmcall
g14:    or dword [rbx+0x80], 0x50
        vmcall
g15:    or dword [rbx+0x90], 0x50
        vmcall
