; TITLE: a virtual-8086 guest: INT n, CLI, PUSHF, IRET, HLT and I/O at IOPL 0 and 3; injection through the protected-mode IDT
; SDM: "Virtual-8086 Mode" (sensitive instructions); "Event Injection"
%include "vmxlab.inc"
%include "guest32.inc"
%macro V 4
        VMW %1, 0x800
        VMW %2, 0x8000
        VMW %3, 0xFFFF
        VMW %4, 0xF3
%endmacro
%macro V86 1                            ; RFLAGS
        V G_CS_SEL, G_CS_BASE, G_CS_LIM, G_CS_AR
        V G_SS_SEL, G_SS_BASE, G_SS_LIM, G_SS_AR
        V G_DS_SEL, G_DS_BASE, G_DS_LIM, G_DS_AR
        V G_ES_SEL, G_ES_BASE, G_ES_LIM, G_ES_AR
        V G_FS_SEL, G_FS_BASE, G_FS_LIM, G_FS_AR
        V G_GS_SEL, G_GS_BASE, G_GS_LIM, G_GS_AR
        VMW G_RFLAGS, %1
        VMW G_RSP, 0x1000
%endmacro
%macro ROUND 3                          ; label, place in code, RFLAGS
        V86 %3
        VMW G_RIP, 0x100 + %2 - code
        ENTER %1, vmresume
        SHOWV "RFLAGS", G_RFLAGS
%endmacro
CASE
        VMX_ON
        VMCS_32
        V86 0x20002
        VMW G_RIP, 0x100
        mov rsi, code
        mov rdi, 0x8100
        mov ecx, code_end - code
        cld
        rep movsb
        VMW EXC_BITMAP, 1<<13
        ENTER "VMCALL", vmlaunch
        TEXT "IOPL 0"
        ROUND "CLI", cli_, 0x20202
        ROUND "PUSHF", pushf_, 0x20002
        ROUND "INT n", int_n, 0x20002
        ROUND "INT3 goes on to the IDT", int_3, 0x20002
        SHOW "EIP and CS pushed", [RING0_32 - 36]
        SHOW "GS pushed", [RING0_32 - 4]
        TEXT "IOPL 3"
        ROUND "CLI, then VMCALL", cli_, 0x23202
        ROUND "PUSHF and POPF", pushf_, 0x23202
        ROUND "INT n through a gate of DPL 3", int_n, 0x23002
        ROUND "HLT at CPL 3", hlt_, 0x23002
        ROUND "OUT without an I/O bitmap", out_, 0x23002
        ROUND "MOV from CR0", cr_, 0x23002
        ROUND "LGDT", lgdt_, 0x23002
        TEXT "injection"
        V86 0x23202
        VMW G_RIP, 0x100
        VMW ENTRY_INTR_INFO, 0x80000030
        ENTER "external interrupt", vmresume
        SHOWV "CS", G_CS_SEL
        SHOWV "RFLAGS", G_RFLAGS
        SHOW "EFLAGS and ESP pushed", [RING0_32 - 28]
        DONE
        section data
        bits 16
code:   vmcall
cli_:   cli
        vmcall
pushf_: pushf
        popf
        vmcall
int_n:  int 0x90
int_3:  int3
hlt_:   hlt
out_:   out 0x80, al
cr_:    mov eax, cr0
lgdt_:  lgdt [0]
code_end:
        bits 64
        section guest
guest_code:
