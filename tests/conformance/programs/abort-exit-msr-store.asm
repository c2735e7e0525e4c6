; TITLE: an exit MSR area that cannot be stored (no such MSR): a VMX abort, the processor shuts down and nothing follows
; SDM: "VMX Aborts"; "Saving MSRs"
; ENDS: shutdown
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        mov qword [MSRAREA], 0x4000
        VMW EXIT_MSR_STORE, MSRAREA
        VMW EXIT_MSR_STORE_N, 1
        TEXT "enters"
        ENTER "never comes back", vmlaunch
        GUEST
        vmcall
