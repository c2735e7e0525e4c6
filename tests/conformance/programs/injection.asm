; TITLE: injection of software events and into CPL 3, SS of an unusable segment
; SDM: "Event Injection"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW ENTRY_INTR_INFO, 0x80000450
        VMW ENTRY_INSTR_LEN, 2
        ENTER "int 50h, dpl 0 gate", vmlaunch
        SHOWV "ss", G_SS_SEL
        SHOWV "ss ar", G_SS_AR
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        or byte [gidt + 0x51*16 + 5], 0x60
        VMW ENTRY_INTR_INFO, 0x80000451
        ENTER "int 51h, dpl 3 gate", vmresume
        SHOWV "rsp", G_RSP
        SHOWV "cs", G_CS_SEL
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        VMW ENTRY_INTR_INFO, 0x80000501
        VMW ENTRY_INSTR_LEN, 1
        ENTER "int1, dpl 0 gate", vmresume
        SHOW "dr6", dr6
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        VMW ENTRY_INTR_INFO, 0x80000603
        ENTER "int3, dpl 0 gate", vmresume
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        VMW ENTRY_INTR_INFO, 0x80000B0E
        VMW ENTRY_INTR_ERR, 0x7
        ENTER "pf", vmresume
        SHOW "cr2", cr2
        VMW ENTRY_INTR_INFO, 0x80000306
        VMW G_RIP, guest_code
        ENTER "ud without error", vmresume
        VMW ENTRY_INTR_INFO, 0x8000030D
        VMW G_RIP, guest_code
        ENTER "gp without error", vmresume
        VMW ENTRY_INTR_INFO, 0x80000B06
        VMW G_RIP, guest_code
        ENTER "ud with error", vmresume
        VMW ENTRY_INTR_INFO, 0x80000308
        VMW G_RIP, guest_code
        ENTER "df", vmresume
        VMW G_IDTR_LIM, 0x0f
        VMW ENTRY_INTR_INFO, 0x80000308
        VMW G_RIP, guest_code
        ENTER "df meets gp", vmresume
        VMW ENTRY_INTR_INFO, 0x80000306
        VMW G_RIP, guest_code
        ENTER "ud meets gp meets gp", vmresume
        VMW G_IDTR_LIM, 0xFFF
        VMW ENTRY_INTR_INFO, 0x80000700
        VMW G_ACTIVITY, 1
        VMW G_RIP, guest_code
        ENTER "mtf in hlt", vmresume
        SHOWV "activity", G_ACTIVITY
        GUEST
        nop
        nop
        vmcall
