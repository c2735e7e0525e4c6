; TITLE: with EPT accessed and dirty flags a guest's page tables are written: their EPT entries become dirty by reading through them
; SDM: "Accessed and Dirty Flags for EPT"
%include "vmxlab.inc"
TABLES  equ 0x1000000
%macro FLAGS 0
        SHOW "EPT PML4", [EPT_PML4]
        SHOW "EPT PDPT", [EPT_PDPT]
        SHOW "EPT of PML4", [EPT_PD + 8*8]
        SHOW "EPT of PDPT", [EPT_PD + 8*9]
        SHOW "EPT of PD", [EPT_PD + 8*10]
        SHOW "EPT of PT", [EPT_PD + 8*11]
        SHOW "EPT of the page", [EPT_PD + 8*12]
        SHOW "guest PML4", [TABLES]
        SHOW "guest PT", [0x1600000 + 8*5]
%endmacro
%macro CLEAN 0
%assign n 8
%rep 5
        and qword [EPT_PD + 8*n], ~0x300
%assign n n+1
%endrep
        and qword [EPT_PML4], ~0x300
        and qword [EPT_PDPT], ~0x300
        mov eax, 2
        invept rax, [zeros]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov qword [TABLES], 0x1200007
        mov qword [0x1200000], 0x1400007
        mov qword [0x1400000], 0x87
        mov qword [0x1400008], 0x200087
        mov qword [0x1400000 + 8*64], 0x1600007
        mov qword [0x1600000 + 8*5], 0x1800007
        VMW G_CR3, TABLES
        ENTER "off", vmlaunch
        FLAGS
        VMW EPTP, EPT_PML4 + 0x5E
        CLEAN
        VMW G_RIP, guest_code
        ENTER "a read", vmresume
        FLAGS
        CLEAN
        VMW G_RIP, write
        ENTER "a write", vmresume
        FLAGS
        GUEST
        mov eax, [0x8005678]
        vmcall
write:  mov [0x8005678], eax
        vmcall
        section data
        align 8
zeros:  dq 0, 0
