; TITLE: CR4 guest/host mask and read shadow: writes that exit, fault or change only the guest's bits
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation" (MOV to CR4)
%include "vmxlab.inc"
%macro ROUND 4
        VMW G_CR4, 0x2020
        VMW CR4_MASK, %3
        VMW CR4_SHADOW, %4
        VMW G_RIP, guest_code
        mov rax, %2
        mov [g_rax], rax
        ENTER %1, vmresume
        SHOWV "CR4", G_CR4
        SHOW "read back", [g_rbx]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 1<<13
        ENTER "first", vmlaunch
        ROUND "PGE, the guest's", 0x20A0, 0, 0
        ROUND "VMXE hidden: the guest writes 0 as the shadow has it", 0xA0, 0x2000, 0
        ROUND "VMXE hidden: the guest writes 1", 0x20A0, 0x2000, 0
        ROUND "VMXE not masked and cleared", 0x20, 0, 0
        ROUND "PAE cleared in IA-32e mode", 0x2000, 0, 0
        ROUND "PAE cleared, masked, shadow 0: it stays", 0x2000, 0x20, 0
        ROUND "a bit that is fixed to 0", 0x2020 | 1 << 14, 0, 0
        ROUND "the same, masked, shadow 0: the exit comes first", 0x2020 | 1 << 14, 1 << 14, 0
        ROUND "the same, masked, shadow 1: it stays 0", 0x2020 | 1 << 14, 1 << 14, 1 << 14
        ROUND "a bit above 31", 0x2020 | 1 << 40, 0, 0
        ROUND "all of the VMM, equal to the shadow", 0x1234, -1, 0x1234
        GUEST
        mov cr4, rax
        mov rbx, cr4
        vmcall
