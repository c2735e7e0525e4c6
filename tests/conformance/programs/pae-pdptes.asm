; TITLE: a guest with PAE paging: PDPTEs from memory or from the VMCS
; SDM: "Loading Page-Directory-Pointer-Table Entries"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CLR ENTRY_CTLS, N_IA32E
        mov qword [0x300000], 0x12001
        mov qword [0x300008], 0x13001
        mov qword [0x300010], 0x14001
        mov qword [0x300018], 0x15001
        VMW G_CR3, 0x300000
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        ENTER "pae", vmlaunch
        SHOW "ebx", [g_rbx]
        SHOWV "pdpte0", G_PDPTE0
        SHOWV "efer lma", ENTRY_CTLS
        mov qword [0x300018], 0x15005
        ENTER "bad pdpte in memory", vmresume
        mov qword [0x300018], 0x15004
        ENTER "bad pdpte not present", vmresume
        mov qword [0x300018], 0x15001
        mov rax, 1<<45
        or [0x300010], rax
        ENTER "wide pdpte", vmresume
        mov qword [0x300010], 0x14001
        USE_EPT
        VMW G_RIP, guest_code
        VMW G_PDPTE0, 0x12001
        VMW G_PDPTE0+2, 0x13001
        VMW G_PDPTE0+4, 0x14001
        VMW G_PDPTE0+6, 0x15001
        ENTER "pae ept", vmresume
        VMW G_PDPTE0+4, 0x14021
        ENTER "pdpte field bad", vmresume
        VMW G_PDPTE0+4, 0x14001
        VMW G_PDPTE0, 0
        VMW G_RIP, guest_code
        VMW EXC_BITMAP, 1<<14
        ENTER "pdpte 0 not present", vmresume
        VMW G_PDPTE0, 0x12001
        mov qword [0x300000], 0
        VMW G_RIP, g2
        ENTER "mov cr3 reloads", vmresume
        mov qword [0x300000], 0x12001
        mov qword [0x300008], 0x13007
        VMW G_CR3, 0x300000
        VMW G_RIP, g2
        VMW EXC_BITMAP, 1<<13
        ENTER "mov cr3 bad pdpte", vmresume
        mov qword [0x300008], 0x13001
        VMW G_RIP, g3
        ENTER "saves pdptes", vmresume
        SHOWV "pdpte0", G_PDPTE0
        SHOWV "pdpte1", G_PDPTE0+2
        GUEST
        bits 32
        mov ebx, 0x12345
        vmcall
g2:     mov eax, cr3
        mov cr3, eax
        vmcall
g3:     mov dword [0x300008], 0x13801
        mov eax, cr3
        mov cr3, eax
        vmcall
        bits 64
