; TITLE: each level of the guest's page walk in a page that EPT refuses: address, and bits 7 and 8 of the qualification
; SDM: "Exit Qualification for EPT Violations"; "EPT Translation Mechanism"
%include "vmxlab.inc"
TABLES  equ 0x1000000                   ; PML4, then in 2-MByte pages of their own PDPT, PD, PT and the page
%macro LEVEL 3                          ; label, EPT_PD index, entry
        mov qword [EPT_PD + 8*%2], %3
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        mov qword [EPT_PD + 8*%2], 0xB7 + 0x200000*%2
%endmacro
%macro ALL 3
        TEXT %1
        LEVEL "PML4", 8, 0x1000000 + %2
        LEVEL "PDPT", 9, 0x1200000 + %2
        LEVEL "PD", 10, 0x1400000 + %2
        LEVEL "PT", 11, 0x1600000 + %2
        LEVEL "page", 12, 0x1800000 + %2
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov qword [TABLES], 0x1200007
        mov qword [0x1200000], 0x1400007
        mov qword [0x1400000], 0x87     ; the guest's code
        mov qword [0x1400008], 0x200087
        mov qword [0x1400000 + 8*64], 0x1600007
        mov qword [0x1600000 + 8*5], 0x1800007
        VMW G_CR3, TABLES
        ENTER "first", vmlaunch
        ALL "absent", 0xB0, 0
        ALL "read-only, accessed flags set before", 0xB1, 0
        SHOW "PT entry", [0x1600000 + 8*5]
        ALL "execute-only", 0xB4, 0
        GUEST
        mov eax, [0x8005678]
        vmcall
        section data
        align 8
zeros:  dq 0, 0
