; TITLE: page-modification logging: the index, and pages already dirty
; SDM: "Page-Modification Logging"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, 1<<17
        VMW PML_ADDR, 0x300000
        VMW EPTP, EPT_PML4 + 0x5E
        VMW 0x812, 511
        ENTER "guest walk logs", vmlaunch
        SHOWV "index", 0x812
        SHOW "511", [0x300FF8]
        SHOW "510", [0x300FF0]
        SHOW "509", [0x300FE8]
        SHOW "508", [0x300FE0]
        SHOW "507", [0x300FD8]
        VMW 0x812, 512
        VMW G_RIP, g2
        ENTER "index 512", vmresume
        VMW 0x812, 0x8000
        ENTER "index 8000", vmresume
        VMW 0x812, 0
        ENTER "index 0", vmresume
        SHOWV "index", 0x812
        SHOW "0", [0x300000]
        VMW G_RIP, g2
        ENTER "already dirty", vmresume
        SHOWV "index", 0x812
        GUEST
        mov qword [0x1000000], 1
        mov rax, [0x1200000]
        vmcall
g2:     mov qword [0x1400000], 1
        vmcall
