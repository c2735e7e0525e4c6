; TITLE: checks that come before the exit of a task switch: privilege, presence, type and limit of the new TSS are faults
; SDM: "Task Switches in VMX Non-Root Operation"; "Relative Priority of Faults and VM Exits"
%include "vmxlab.inc"
%include "guest32.inc"
%macro FROM 2
        VMW G_RIP, %2
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_32
        VMW EXC_BITMAP, 1<<10 | 1<<11 | 1<<13
        ENTER "TSS not present", vmlaunch
        FROM "gate not present", gate_absent
        FROM "gate to a TSS that is not present", tss_absent
        FROM "busy TSS", busy
        FROM "TSS too short", short_tss
        mov word [TSS32], 0x38
        VMW G_RFLAGS, 0x4002
        FROM "IRET with NT, not busy", iret_nt
        mov word [TSS32], 0
        FROM "IRET with NT, null link", iret_nt
        VMW G_RFLAGS, 2
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xC0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_DS_SEL, 0x23
        VMW G_DS_AR, 0xC0F3
        VMW G_ES_SEL, 0x23
        VMW G_ES_AR, 0xC0F3
        FROM "CPL 3 to a TSS of DPL 0", cpl3
        FROM "CPL 3 by a gate of DPL 3", cpl3_gate
        GUEST
        bits 32
        jmp 0x48:0
gate_absent: jmp 0x70:0
tss_absent: call 0x78:0
busy:   call 0x30:0
short_tss: jmp 0x50:0
iret_nt: iret
cpl3:   jmp 0x38:0
cpl3_gate: call 0x43:0
        bits 64
