; TITLE: an exit MSR area that cannot be loaded (IA32_GS_BASE): a VMX abort, the processor shuts down and nothing follows
; SDM: "VMX Aborts"; "Loading MSRs"
; ENDS: shutdown
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        mov qword [MSRAREA], 0xC0000101
        VMW EXIT_MSR_LOAD, MSRAREA
        VMW EXIT_MSR_LOAD_N, 1
        TEXT "enters"
        ENTER "never comes back", vmlaunch
        GUEST
        vmcall
