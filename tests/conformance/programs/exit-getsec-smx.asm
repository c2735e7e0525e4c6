; TITLE: GETSEC exits in a guest whose CR4.SMXE is 1
; SDM: Instructions That Cause VM Exits Unconditionally
; MODEL: core2_penryn_t9600
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL G_CR4, 1 << 14
        ENTER "getsec", vmlaunch
        DONE
        GUEST
        xor eax, eax
        getsec
        vmcall
