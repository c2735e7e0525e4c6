; TITLE: MOV CR3 with PCIDs: bit 63 is not kept, each PCID has its translations, without the bit its own go
; SDM: "Process-Context Identifiers (PCIDs)"; "MOV-Move to/from Control Registers"
%include "vmxlab.inc"
PAGE    equ 0x1000000
CASE
        VMX_ON
        VMCS_STD
%macro TABLES 1
        mov rsi, 0x10000
        mov rdi, %1
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [%1], %1 + 0x1007
        mov qword [%1 + 0x1000], %1 + 0x2007
%endmacro
        TABLES 0x300000
        TABLES 0x303000
        mov qword [0x305000 + 8*8], 0x1200087
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        mov qword [PAGE + 0x400000], 0x3333
        VMW G_CR3, 0x300001
        VMW G_CR4, 0x22020
        VMW EXC_BITMAP, 1<<13
        ENTER "guest", vmlaunch
        SHOW "PCID 1", [g_rax]
        SHOW "PCID 2", [g_rbx]
        SHOW "CR3 with bit 63 written", [g_rcx]
        SHOW "PCID 1 again, flushed", [g_rdx]
        NEXT
        ENTER "bit 62", vmresume
        VMW G_RIP, no_pcide
        VMW G_CR3, 0x300000
        VMW G_CR4, 0x2020
        ENTER "bit 63 without CR4.PCIDE", vmresume
        VMW G_RIP, set_pcide
        VMW G_CR3, 0x300018
        ENTER "CR4.PCIDE with CR3[11:0] not 0", vmresume
        VMW G_RIP, clear_pcide
        VMW G_CR4, 0x22020
        VMW G_CR3, 0x300018
        ENTER "clearing it", vmresume
        SHOWV "CR3", G_CR3
        GUEST
        mov rax, [PAGE]
        mov r9d, 0x303002
        mov cr3, r9
        mov rbx, [PAGE]
        mov qword [0x302000 + 8*8], 0x1400087
        mov r9, 1 << 63 | 0x303002
        mov cr3, r9
        mov rcx, cr3
        mov r9d, 0x300001               ; without bit 63: PCID 1 loses its translations
        mov cr3, r9
        mov rdx, [PAGE]
        vmcall
        mov r9, 1 << 62 | 0x303002
        mov cr3, r9
no_pcide: mov r9, 1 << 63 | 0x300000
        mov cr3, r9
set_pcide: mov r9d, 0x22020
        mov cr4, r9
clear_pcide: mov r9d, 0x2020
        mov cr4, r9
        vmcall
