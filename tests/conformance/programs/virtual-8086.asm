; TITLE: a virtual-8086 guest: entry, interrupts, exits
; SDM: "Checks on Guest Segment Registers" (virtual-8086); "Virtual-8086 Mode"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CLR ENTRY_CTLS, N_IA32E
        ; 32-bit paging tables at 0x300000: identity 4M pages
        mov rdi, 0x300000
        mov eax, 0x87
        mov ecx, 1024
.l:     mov [rdi], eax
        add eax, 0x400000
        add rdi, 4
        dec ecx
        jnz .l
        VMW G_CR3, 0x300000
        VMW G_CR4, 0x2010
        VMW G_RFLAGS, 0x23002
%macro V 4
        VMW %1, 0x800
        VMW %2, 0x8000
        VMW %3, 0xFFFF
        VMW %4, 0xF3
%endmacro
        V G_CS_SEL, G_CS_BASE, G_CS_LIM, G_CS_AR
        V G_SS_SEL, G_SS_BASE, G_SS_LIM, G_SS_AR
        V G_DS_SEL, G_DS_BASE, G_DS_LIM, G_DS_AR
        V G_ES_SEL, G_ES_BASE, G_ES_LIM, G_ES_AR
        V G_FS_SEL, G_FS_BASE, G_FS_LIM, G_FS_AR
        V G_GS_SEL, G_GS_BASE, G_GS_LIM, G_GS_AR
        VMW G_RIP, 0x100
        VMW G_RSP, 0x1000
        mov rsi, v86
        mov rdi, 0x8100
        mov ecx, v86end - v86
        rep movsb
        ; 32-bit IDT at 0x301000, all to 0x302000 (vmcall)
        mov rdi, 0x301000
        mov ecx, 256
.i:     mov dword [rdi], 0x00082000
        mov dword [rdi+4], 0x0030EE00
        add rdi, 8
        dec ecx
        jnz .i
        mov dword [0x302000], 0xC1010F
        mov dword [tss+4], 0x303000
        mov dword [tss+8], 0x10
        VMW G_IDTR_BASE, 0x301000
        VMW G_IDTR_LIM, 0x7FF
        VMW EXC_BITMAP, 1<<13
        CTL PROC_CTLS, P_UNCOND_IO
        ENTER "in", vmlaunch
        NEXT
        ENTER "cpuid", vmresume
        NEXT
        ENTER "vmread ud", vmresume
        SHOWV "rsp", G_RSP
        SHOWV "ss", G_SS_SEL
        SHOWV "cs", G_CS_SEL
        SHOWV "cs ar", G_CS_AR
        SHOWV "ss ar", G_SS_AR
        SHOWV "ds ar", G_DS_AR
        SHOWV "rflags", G_RFLAGS
        SHOW "pushed eip", [0x303000-36]
        SHOW "pushed flags", [0x303000-28]
        SHOW "pushed ds", [0x303000-12]
        DONE
        section data
        bits 16
v86:    in al, 0x60
        cpuid
        vmread eax, ecx
v86end:
        bits 64
        section guest
guest_code: nop
