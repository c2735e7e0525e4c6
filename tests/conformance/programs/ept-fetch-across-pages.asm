; TITLE: an instruction across a page boundary whose second page cannot be fetched; execute-only and no-execute pages
; SDM: "EPT Violations"; "Exit Qualification for EPT Violations"
%include "vmxlab.inc"
EDGE    equ 0x1200000
%macro SECOND 2                         ; label, entry of the upper page
        mov qword [EPT_PD + 9*8], %2
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, EDGE - 3
        mov qword [g_rax], 0
        ENTER %1, vmresume
        SHOW "RAX", [g_rax]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov rsi, code
        mov rdi, EDGE - 3
        mov ecx, code_end - code
        cld
        rep movsb
        ENTER "first", vmlaunch
        SECOND "absent", 0x12000B0
        SECOND "read-only", 0x12000B1
        SECOND "read and write", 0x12000B3
        SECOND "execute-only", 0x12000B4
        SECOND "write without read", 0x12000B2
        SECOND "all", 0x12000B7
        mov qword [EPT_PD + 9*8], 0x12000B4
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, read
        ENTER "read of execute-only", vmresume
        VMW G_RIP, write
        ENTER "write of execute-only", vmresume
        VMW G_RIP, EDGE
        mov qword [EPT_PD + 9*8], 0x12000B3
        mov eax, 2
        invept rax, [zeros]
        ENTER "jump to no-execute", vmresume
        GUEST
        vmcall
read:   mov rax, [EDGE]
write:  mov [EDGE], rax
        section data
code:   db 0x48, 0xB8, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88   ; mov rax, 0x8877665544332211
        vmcall
code_end:
        align 8
zeros:  dq 0, 0
