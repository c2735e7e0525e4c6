; TITLE: Each processor enters VMX operation for itself, with a region of its own, and runs a guest of its own
; SDM: "Introduction to VMX Operation"; "The VMXON Region"; "Software Use of the VMCS and Related Structures"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
CASE
        VMX_ON
        VMCS_STD
        START_SECOND second
        AWAIT 0
        ENTER "first", vmlaunch
        NEXT
        vmptrst [SCRATCH]
        SHOW "first: current VMCS", [SCRATCH]
        TELL 1
        AWAIT 2
        ENTER "first, again", vmresume
        TRY "first: VMXOFF", vmxoff
        TELL 3
        AWAIT 4
        GUEST
        cpuid
        vmcall
        hlt
        section host
second: TRY "second: VMXON of no region before CR4.VMXE", vmxon [p_second]
        VMX_ON_SECOND
        TRY "second: VMCALL without a VMCS", vmcall
        vmptrst [SCRATCH]
        SHOW "second: current VMCS", [SCRATCH]
        TELL 0
        AWAIT 1
        VMCS_STD_B
        vmptrst [SCRATCH]
        SHOW "second: current VMCS", [SCRATCH]
        ENTER "second", vmlaunch
        TELL 2
        AWAIT 3
        NEXT
        ENTER "second, after the first has left VMX operation", vmresume
        TELL 4
        cli
        hlt
        section guest2
guest2_code:
        cpuid
        mov rax, cr3
        vmcall
