; TITLE: PAUSE-loop exiting: gap, window and CPL
; SDM: "Instructions That Cause VM Exits Conditionally" (PAUSE)
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_PLE
        VMW 0x4020, 0x1000000
        VMW 0x4022, 50
        ENTER "loop", vmlaunch
        VMW 0x4022, 0x7fffffff
        VMW G_RIP, guest_code
        ENTER "wide window", vmresume
        GUEST
        mov ecx, 10000
.l:     pause
        loop .l
        vmcall
