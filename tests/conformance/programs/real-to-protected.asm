; TITLE: an unrestricted guest goes from real-address mode to protected mode and back: CS, segment bases, limits stay until loaded
; SDM: "Unrestricted Guests"; "Switching to Protected Mode"; "Switching Back to Real-Address Mode"
%include "vmxlab.inc"
%include "guest32.inc"
%macro STATE 0
        SHOWV "CR0", G_CR0
        SHOWV "CS", G_CS_SEL
        SHOWV "CS base", G_CS_BASE
        SHOWV "DS base", G_DS_BASE
        SHOWV "DS limit", G_DS_LIM
        SHOWV "DS rights", G_DS_AR
%endmacro
%macro REAL 4
        VMW %1, 0x800
        VMW %2, 0x8000
        VMW %3, 0xFFFF
        VMW %4, 0x93
%endmacro
CASE
        VMX_ON
        VMCS_32
        USE_EPT
        CTL PROC_CTLS2, S_UG
        VMW G_CR0, 0x30
        VMW G_CR4, 0x2000
        REAL G_CS_SEL, G_CS_BASE, G_CS_LIM, G_CS_AR
        VMW G_CS_AR, 0x9B
        REAL G_SS_SEL, G_SS_BASE, G_SS_LIM, G_SS_AR
        REAL G_DS_SEL, G_DS_BASE, G_DS_LIM, G_DS_AR
        REAL G_ES_SEL, G_ES_BASE, G_ES_LIM, G_ES_AR
        REAL G_FS_SEL, G_FS_BASE, G_FS_LIM, G_FS_AR
        REAL G_GS_SEL, G_GS_BASE, G_GS_LIM, G_GS_AR
        VMW G_RIP, 0
        VMW G_RSP, 0x7000
        mov rsi, code16
        mov rdi, 0x8000
        mov ecx, code16_end - code16
        cld
        rep movsb
        mov dword [0x9234], 0x11223344
        ENTER "real-address mode", vmlaunch
        STATE
        SHOW "EAX", [g_rax]
        NEXT
        ENTER "PE set, CS as it was", vmresume
        STATE
        NEXT
        ENTER "after the far jump", vmresume
        STATE
        NEXT
        ENTER "PE cleared with 4-GByte segments", vmresume
        STATE
        NEXT
        ENTER "a real-address selector keeps the limit", vmresume
        STATE
        SHOW "EAX", [g_rax]
        DONE
        section data
        bits 16
code16: mov eax, [0x1234]
        vmcall
        mov eax, cr0
        or al, 1
        mov cr0, eax
        vmcall
        jmp dword 0x08:0x8000 + (wide - code16)
        bits 32
wide:   mov ax, 0x10
        mov ds, ax
        vmcall
        mov eax, cr0
        and al, 0xFE
        mov cr0, eax
        vmcall
        mov ax, 0x800
        mov ds, ax
        mov eax, [0x100000]
        vmcall
code16_end:
        bits 64
        section guest
guest_code:
