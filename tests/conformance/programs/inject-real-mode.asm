; TITLE: injection into real-address mode: the interrupt vector table, frames of 6 bytes, no error codes, types that are refused
; SDM: "Event Injection"; "Checks on VM-Entry Control Fields"
%include "vmxlab.inc"
%macro REAL 4
        VMW %1, %2
        VMW %3, %2 * 16
        VMW %4, 0xFFFF
%endmacro
%macro INJECT 2-4 0, 0
        VMW G_CS_SEL, 0x800
        VMW G_CS_BASE, 0x8000
        VMW G_RIP, 0x20
        VMW G_RSP, 0x7000
        VMW G_RFLAGS, 0x202
        VMW G_INTERRUPTIBILITY, 0
        VMW ENTRY_INTR_INFO, %2
        VMW ENTRY_INTR_ERR, %3
        VMW ENTRY_INSTR_LEN, %4
        ENTER %1, vmresume
        SHOWV "CS", G_CS_SEL
        SHOWV "SP", G_RSP
        SHOWV "RFLAGS", G_RFLAGS
        SHOW "IP, CS, FLAGS", [0x6FFA]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_UG
        CLR ENTRY_CTLS, N_IA32E
        VMW G_CR0, 0x30
        VMW G_CR4, 0x2000
        REAL G_CS_SEL, 0x800, G_CS_BASE, G_CS_LIM
        VMW G_CS_AR, 0x9B
        REAL G_SS_SEL, 0, G_SS_BASE, G_SS_LIM
        VMW G_SS_AR, 0x93
        REAL G_DS_SEL, 0, G_DS_BASE, G_DS_LIM
        VMW G_DS_AR, 0x93
        REAL G_ES_SEL, 0, G_ES_BASE, G_ES_LIM
        VMW G_ES_AR, 0x93
        REAL G_FS_SEL, 0, G_FS_BASE, G_FS_LIM
        VMW G_FS_AR, 0x93
        REAL G_GS_SEL, 0, G_GS_BASE, G_GS_LIM
        VMW G_GS_AR, 0x93
        VMW G_IDTR_BASE, 0
        VMW G_IDTR_LIM, 0x3FF
        mov dword [0x8020], 0xC1010F
        mov dword [0x9100], 0xC1010F
        xor edi, edi                    ; all vectors lead to 0910:0000
.l:     mov dword [rdi], 0x09100000
        add edi, 4
        cmp edi, 0x400
        jne .l
        VMW G_RIP, 0x20
        ENTER "first", vmlaunch
        INJECT "external interrupt", 0x80000021
        INJECT "software interrupt", 0x80000410, 0, 2
        INJECT "INT3", 0x80000603, 0, 1
        INJECT "INT1", 0x80000501, 0, 1
        INJECT "#UD", 0x80000306
        INJECT "#GP without an error code", 0x8000030D
        INJECT "#GP with an error code", 0x80000B0D
        VMW G_IDTR_LIM, 0x83
        VMW EXC_BITMAP, 1<<8 | 1<<13
        INJECT "a vector beyond the limit", 0x80000021
        VMW G_IDTR_LIM, 0x3FF
        VMW EXC_BITMAP, 0
        INJECT "NMI", 0x80000202
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        DONE
        section guest
guest_code:
