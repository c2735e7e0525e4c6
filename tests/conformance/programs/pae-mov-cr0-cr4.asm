; TITLE: MOV to CR0 and CR4 loads the PDPTEs when it changes PG, CD, NW, PAE, PGE, PSE or SMEP of a guest with PAE paging
; SDM: "PDPTE Registers"; "MOV-Move to/from Control Registers"
%include "vmxlab.inc"
%include "guest32.inc"
PDPT_A  equ 0x330000
CASE
        VMX_ON
        VMCS_32
%assign n 0
%rep 4
        mov qword [PDPT_A + 8*n], 0x12001 + 0x1000*n
%assign n n+1
%endrep
        mov qword [0x12000], 0x83       ; no page of the user, for SMEP
        USE_EPT
        CTL PROC_CTLS2, S_UG
        VMW G_CR3, PDPT_A
        VMW G_CR4, 0x2020
        VMW EXC_BITMAP, 1<<13
%macro ROUND 2                          ; label, address; entry 3 is changed in memory before
        VMW G_PDPTE0, 0x12001
        VMW G_PDPTE0 + 2, 0x13001
        VMW G_PDPTE0 + 4, 0x14001
        VMW G_PDPTE0 + 6, 0x15001
        VMW G_CR0, 0x80000031
        VMW G_CR4, 0x2020
        VMW G_RIP, %2
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        ENTER %1, vmlaunch
        SHOWV "PDPTE 3", G_PDPTE0 + 6
%endmacro
        mov qword [PDPT_A + 24], 0x15E01
        ROUND "nothing", guest_code
        ROUND "CR0.WP changes", wp
        ROUND "CR0.CD changes", cd
        ROUND "CR4.DE changes", de
        ROUND "CR4.PSE changes", pse
        ROUND "CR4.PGE changes", pge
        ROUND "CR4.SMEP changes", smep
        ROUND "PG off and on", pg
        mov qword [PDPT_A + 24], 0x15003
        ROUND "CR4.DE changes, bad entry", de
        ROUND "CR4.PGE changes, bad entry", pge
        SHOWV "CR4", G_CR4
        ROUND "PG on, bad entry", pg
        SHOWV "CR0", G_CR0
        GUEST
        bits 32
        vmcall
%macro FLIP 2
        mov eax, %1
        xor eax, %2
        mov %1, eax
        vmcall
%endmacro
wp:     FLIP cr0, 1 << 16
cd:     FLIP cr0, 1 << 30
de:     FLIP cr4, 1 << 3
pse:    FLIP cr4, 1 << 4
pge:    FLIP cr4, 1 << 7
smep:   FLIP cr4, 1 << 20
pg:     mov eax, cr0
        and eax, 0x7FFFFFFF
        mov cr0, eax
        or eax, 0x80000000
        mov cr0, eax
        vmcall
        bits 64
