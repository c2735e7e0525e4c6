; TITLE: a guest in real-address mode: exits, faults and injection
; SDM: "Unrestricted Guests"; "Event Injection"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_UG
        CLR ENTRY_CTLS, N_IA32E
        VMW G_CR0, 0x30
        VMW G_CR4, 0x2000
        VMW G_CS_SEL, 0x800
        VMW G_CS_BASE, 0x8000
        VMW G_CS_LIM, 0xFFFF
        VMW G_CS_AR, 0x9B
        VMW G_SS_SEL, 0
        VMW G_SS_LIM, 0xFFFF
        VMW G_SS_AR, 0x93
        VMW G_DS_SEL, 0
        VMW G_DS_LIM, 0xFFFF
        VMW G_DS_AR, 0x93
        VMW G_ES_SEL, 0
        VMW G_ES_LIM, 0xFFFF
        VMW G_ES_AR, 0x93
        VMW G_FS_SEL, 0
        VMW G_FS_LIM, 0xFFFF
        VMW G_FS_AR, 0x93
        VMW G_GS_SEL, 0
        VMW G_GS_LIM, 0xFFFF
        VMW G_GS_AR, 0x93
        VMW G_RIP, 0
        VMW G_RSP, 0x7000
        VMW G_IDTR_BASE, 0
        VMW G_IDTR_LIM, 0x3FF
        mov rsi, r16
        mov rdi, 0x8000
        mov ecx, r16end - r16
        rep movsb
        ; IVT: all vectors at 0800:0100
        mov rdi, 0
        mov ecx, 256
.l:     mov dword [rdi], 0x08000100
        add rdi, 4
        dec ecx
        jnz .l
        mov byte [0x8100], 0x0F
        mov word [0x8101], 0xC101
        CTL PROC_CTLS, P_UNCOND_IO | P_HLT
        ENTER "in al,dx", vmlaunch
        NEXT
        ENTER "outsb", vmresume
        SHOWV "gla", GLA
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
        ENTER "insw a32", vmresume
        SHOWV "gla", GLA
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
        ENTER "hlt", vmresume
        NEXT
        ENTER "int 21h -> handler", vmresume
        SHOWV "rsp", G_RSP
        SHOWV "cs", G_CS_SEL
        SHOWV "csbase", G_CS_BASE
        SHOW "pushed", [0x6FFA]
        VMW G_RIP, r16ud - r16
        VMW EXC_BITMAP, 1<<6
        ENTER "ud2", vmresume
        VMW EXC_BITMAP, 0
        ENTER "ud2 by ivt", vmresume
        SHOW "pushed", [0x6FF4]
        VMW G_RIP, r16gp - r16
        VMW EXC_BITMAP, 1<<13
        ENTER "gp by limit", vmresume
        VMW EXC_BITMAP, 0
        VMW ENTRY_INTR_INFO, 0x80000B0D
        ENTER "inject gp with error in real mode", vmresume
        VMW ENTRY_INTR_INFO, 0x8000030D
        ENTER "inject gp without error", vmresume
        SHOW "pushed", [0x6FEE]
        VMW ENTRY_INTR_INFO, 0
        VMW G_IDTR_LIM, 0x10
        VMW G_RIP, r16ud - r16
        ENTER "ud2, ivt limit", vmresume
        VMW EXC_BITMAP, 1<<8
        VMW G_RIP, r16ud - r16
        ENTER "double fault", vmresume
        VMW EXC_BITMAP, 1<<13
        VMW G_RIP, r16ud - r16
        ENTER "gp during ud", vmresume
        VMW EXC_BITMAP, 0
        VMW G_IDTR_LIM, 0x3FF
        VMW G_RIP, r16lgdt - r16
        CTL PROC_CTLS2, S_DESC
        ENTER "lgdt", vmresume
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
        ENTER "sidt bp+si", vmresume
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
        ENTER "vmread in real mode", vmresume
        VMW G_RIP, r16cr - r16
        VMW CR0_MASK, 1
        VMW CR0_SHADOW, 0
        ENTER "mov cr0", vmresume
        VMW CR0_MASK, 0
        ENTER "go protected", vmresume
        SHOWV "cr0", G_CR0
        SHOWV "cs ar", G_CS_AR
        DONE
        section data
        bits 16
r16:    mov dx, 0x3f8
        in al, dx
        mov si, 0x1234
        mov di, 0x300
        fs outsb
        a32 insw
        hlt
        int 0x21
r16ud:  ud2
r16gp:  mov ax, [0xffff]
r16lgdt: lgdt [bx+di+5]
        sidt [bp+si]
        vmread eax, ecx
r16cr:  mov eax, cr0
        or al, 1
        mov cr0, eax
        vmcall
r16end:
        bits 64
        section guest
guest_code: nop
