; TITLE: MOV CR3 of a guest with PAE paging loads the four PDPTEs: reserved bits are #GP(0), without and with EPT
; SDM: "PDPTE Registers"; "Loading Page-Directory-Pointer-Table Entries"
%include "vmxlab.inc"
%include "guest32.inc"
PDPT_A  equ 0x330000
PDPT_B  equ 0x330020
%macro BAD 2                            ; label, a value for entry 2 of B
        mov rax, %2
        mov [PDPT_B + 16], rax
        VMW G_RIP, guest_code
        VMW G_CR3, PDPT_A
        ENTER %1, vmresume
        SHOWV "CR3", G_CR3
%endmacro
CASE
        VMX_ON
        VMCS_32
%assign n 0
%rep 4
        mov qword [PDPT_A + 8*n], 0x12001 + 0x1000*n
        mov qword [PDPT_B + 8*n], 0x12001 + 0x1000*n
%assign n n+1
%endrep
        VMW G_CR3, PDPT_A
        VMW G_CR4, 0x2020
        VMW EXC_BITMAP, 1<<13 | 1<<14
        ENTER "legal", vmlaunch
        SHOWV "CR3", G_CR3
        BAD "bit 1", 0x14003
        BAD "bits 8:5", 0x14021
        BAD "beyond the physical-address width", 0x14001 | 1 << 40
        BAD "bit 63", 0x14001 | 1 << 63
        BAD "not present: nothing else is looked at", 0x1FE | 1 << 62
        BAD "bits 11:9 are ignored", 0x14E01
        USE_EPT
        VMW G_PDPTE0, 0x12001           ; with EPT the entry takes these from the VMCS
        VMW G_PDPTE0 + 2, 0x13001
        VMW G_PDPTE0 + 4, 0x14001
        VMW G_PDPTE0 + 6, 0x15001
        BAD "EPT: bit 1", 0x14003
        SHOWV "PDPTE 2", G_PDPTE0 + 4
        BAD "EPT: legal", 0x14E01
        SHOWV "PDPTE 2", G_PDPTE0 + 4
        mov qword [PDPT_B + 16], 0x16001        ; changed in memory only: the registers are used until CR3 is written
        VMW G_RIP, same
        ENTER "EPT: a change in memory", vmresume
        SHOWV "PDPTE 2", G_PDPTE0 + 4
        and qword [EPT_PT + 8*(PDPT_B >> 12)], 0
        mov qword [EPT_PD + 8], 0
        VMW G_RIP, same_cr3
        ENTER "EPT: the table itself is missing", vmresume
        GUEST
        bits 32
        mov eax, PDPT_B
        mov cr3, eax
same:   nop
        vmcall
same_cr3: mov eax, cr3
        mov cr3, eax
        vmcall
        bits 64
