; TITLE: EPT misconfigurations at each level: rights, memory type, reserved bits, width; they come before violations
; SDM: "EPT Misconfigurations"
%include "vmxlab.inc"
%macro BAD 4                            ; label, place of the entry, entry, the entry as it was
        mov rax, %3
        mov [%2], rax
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        mov rax, %4
        mov [%2], rax
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov qword [EPT_PD + 8*8], 0x20D007      ; 16 MiB by 4-KByte pages
        mov rdi, 0x20D000
        mov eax, 0x1000037
        mov ecx, 512
.l:     mov [rdi], rax
        add eax, 0x1000
        add rdi, 8
        dec ecx
        jnz .l
        ENTER "first", vmlaunch
%define PTE 0x20D000 + 8*0x12
        BAD "page: write without read", PTE, 0x1012032, 0x1012037
        BAD "page: write and execute without read", PTE, 0x1012036, 0x1012037
        BAD "page: memory type 2", PTE, 0x1012017, 0x1012037
        BAD "page: memory type 7", PTE, 0x101203F, 0x1012037
        BAD "page: beyond the width", PTE, 0x1012037 | 1 << 40, 0x1012037
        BAD "page: absent, all else bad", PTE, 0x1012038 | 1 << 50, 0x1012037
        BAD "page: bits 11:9 are ignored", PTE, 0x1012E37, 0x1012037
        BAD "page: bit 63 is ignored", PTE, 0x1012037 | 1 << 63, 0x1012037
        BAD "page: memory type UC", PTE, 0x1012007, 0x1012037
        BAD "table: bits 6:3", EPT_PD + 8*8, 0x20D00F, 0x20D007
        BAD "table: write without read", EPT_PD + 8*8, 0x20D002, 0x20D007
        BAD "table: beyond the width", EPT_PD + 8*8, 0x20D007 | 1 << 45, 0x20D007
        BAD "2 MBytes: memory type 3", EPT_PD + 8*8, 0x100009F, 0x20D007
        BAD "PDPT: bits 6:3", EPT_PDPT, EPT_PD + 0x17, EPT_PD + 7
        BAD "PML4: bit 7", EPT_PML4, EPT_PDPT + 0x87, EPT_PDPT + 7
        BAD "PML4: bits 6:3", EPT_PML4, EPT_PDPT + 0xF, EPT_PDPT + 7
        BAD "PML4: execute-only for data", EPT_PML4, EPT_PDPT + 4, EPT_PDPT + 7
        BAD "PDPT: 1-GByte page", EPT_PDPT, 0xB7, EPT_PD + 7
        mov qword [EPT_PD + 8*8], 0x20D001
        mov qword [PTE], 0x1012017
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, write
        ENTER "a violation above, a misconfiguration below", vmresume
        mov qword [PTE], 0x1012037
        mov eax, 2
        invept rax, [zeros]
        ENTER "the violation alone", vmresume
        GUEST
        mov eax, [0x1012345]
        vmcall
write:  mov [0x1012345], eax
        section data
        align 8
zeros:  dq 0, 0
