; TITLE: what an older processor refuses: VMWRITE to a read-only field (13), EPT accessed and dirty flags, newer controls (7)
; SDM: VMWRITE—Write Field to Virtual-Machine Control Structure; Checks on VM-Execution Control Fields
; MODEL: corei7_sandy_bridge_2600k
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        mov eax, EXIT_REASON
        TRY "vmwrite of the exit reason", vmwrite rax, rcx
        mov eax, INSTR_ERROR
        TRY "vmwrite of the error number", vmwrite rax, rcx
        USE_EPT
        VMW EPTP, 0x30005E
        TRY "vmlaunch with accessed and dirty flags", vmlaunch
        VMW EPTP, 0x30001E
        CTL PROC_CTLS2, 1 << 14
        TRY "vmlaunch with VMCS shadowing", vmlaunch
        DONE
        GUEST
        vmcall
