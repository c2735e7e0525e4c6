; TITLE: injection into 32-bit code at CPL 0 and CPL 3: frames of the inner stack, 16-bit gates, gates that refuse software interrupts
; SDM: "Event Injection"; "Exception- or Interrupt-Handler Procedures"
%include "vmxlab.inc"
%include "guest32.inc"
%macro INJECT 2-4 0, 0
        VMW G_RIP, guest_code
        VMW ENTRY_INTR_INFO, %2
        VMW ENTRY_INTR_ERR, %3
        VMW ENTRY_INSTR_LEN, %4
        ENTER %1, vmresume
        SHOWV "ESP", G_RSP
        SHOWV "CS", G_CS_SEL
        SHOWV "SS", G_SS_SEL
%endmacro
%macro RING0 0
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
        VMW G_RSP, STACK32
        VMW G_RFLAGS, 0x202
%endmacro
%macro RING3 0
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xC0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RSP, USER32
        VMW G_RFLAGS, 0x202
%endmacro
CASE
        VMX_ON
        VMCS_32
        VMW EXC_BITMAP, 1<<13
        ENTER "first", vmlaunch
        RING0
        INJECT "external interrupt", 0x80000030
        SHOW "EIP and CS", [STACK32 - 12]
        RING0
        INJECT "#GP", 0x80000B0D, 0x5A
        SHOW "error and EIP", [STACK32 - 16]
        RING0
        INJECT "software interrupt through a gate of DPL 0", 0x80000430, 0, 2
        mov dword [0x8000], 0xC1010F            ; a 16-bit gate: VMCALL at 8:8000h
        mov dword [IDT32 + 8*0x31], 0x00088000
        mov dword [IDT32 + 8*0x31 + 4], 0x8600
        RING0
        INJECT "through a 16-bit gate", 0x80000031
        SHOW "IP, CS, FLAGS", [STACK32 - 8]
        RING3
        INJECT "CPL 3: external interrupt", 0x80000030
        SHOW "EIP and CS", [RING0_32 - 20]
        SHOW "EFLAGS and ESP", [RING0_32 - 12]
        RING3
        INJECT "CPL 3: INT n through a gate of DPL 0", 0x80000430, 0, 2
        RING3
        INJECT "CPL 3: INT n through a gate of DPL 3", 0x80000490, 0, 2
        SHOW "EIP and CS", [RING0_32 - 20]
        RING3
        INJECT "CPL 3: INT3", 0x80000603, 0, 1
        mov word [IDT32 + 8*0x32 + 2], 0x58     ; code that is not present
        RING3
        VMW EXC_BITMAP, 1<<11
        INJECT "CPL 3: a segment that is not present", 0x80000032
        mov dword [TSS32 + 8], 0                ; SS0
        RING3
        VMW EXC_BITMAP, 1<<10
        INJECT "CPL 3: a null inner stack", 0x80000030
        mov dword [TSS32 + 8], 0x10
        mov word [IDT32 + 8*0x33 + 2], 0x88     ; conforming code: CPL stays 3
        RING3
        INJECT "CPL 3: a conforming handler", 0x80000033
        GUEST
        bits 32
        vmcall
        bits 64
