; TITLE: in a guest INVLPG of any address flushes a large page, a global one too; MOV CR3 keeps globals, CR4.PGE none
; SDM: "Operations that Invalidate TLBs and Paging-Structure Caches"; "Global Pages"
%include "vmxlab.inc"
PAGE    equ 0x1000000
PDE     equ 0x302000 + 8*8
CASE
        VMX_ON
        VMCS_STD
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        VMW G_CR3, 0x300000
        VMW G_CR4, 0x20A0
        ENTER "guest", vmlaunch
        SHOW "first", [g_rax]
        SHOW "INVLPG elsewhere in the page", [g_rbx]
        SHOW "MOV CR3 keeps a global page", [g_rcx]
        SHOW "INVLPG of a global page", [g_rdx]
        SHOW "CR4.PGE off and on", [g_rsi]
        SHOW "CR4.PGE off", [g_rdi]
        SHOW "INVLPG of a non-canonical address", [g_r8]
        GUEST
        mov rax, [PAGE]
        mov qword [PDE], 0x1200087
        invlpg [PAGE + 0x1FFFFF]
        mov rbx, [PAGE]
        mov qword [PDE], 0x1000187
        invlpg [PAGE]
        mov rcx, [PAGE]
        mov qword [PDE], 0x1200187
        mov r9, cr3
        mov cr3, r9
        mov rcx, [PAGE]
        invlpg [PAGE + 0x3000]
        mov rdx, [PAGE]
        mov qword [PDE], 0x1000187
        mov r9d, 0x2020
        mov cr4, r9
        mov r9d, 0x20A0
        mov cr4, r9
        mov rsi, [PAGE]
        mov qword [PDE], 0x1200187
        mov r9d, 0x2020
        mov cr4, r9
        mov rdi, [PAGE]
        mov r9, 1 << 47
        invlpg [r9]
        mov r8d, 1
        vmcall
