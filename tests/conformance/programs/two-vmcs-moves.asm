; TITLE: A VMCS moves from one processor to the other and back: VMCLEAR on the one, VMPTRLD and VMLAUNCH on the other
; SDM: "Software Use of the VMCS and Related Structures"; "VMCS Launch State"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
CASE
        VMX_ON
        START_SECOND second
        AWAIT 0
        VMCS_STD
        ENTER "first", vmlaunch
        NEXT
        TRY "first: VMCLEAR", vmclear [p_vmcs_a]
        TELL 1
        AWAIT 2
        TRY "first: VMPTRLD", vmptrld [p_vmcs_a]
        ENTER "first: VMRESUME of a clear VMCS", vmresume
        ENTER "first: VMLAUNCH", vmlaunch
        SHOWV "RIP", G_RIP
        DONE
second: VMX_ON_SECOND
        TELL 0
        AWAIT 1
        TRY "second: VMPTRLD", vmptrld [p_vmcs_a]
        ENTER "second: VMRESUME of a clear VMCS", vmresume
        ENTER "second: VMLAUNCH", vmlaunch
        NEXT
        ENTER "second: VMRESUME", vmresume
        NEXT
        TRY "second: VMCLEAR", vmclear [p_vmcs_a]
        TELL 2
        cli
        hlt
        section guest
guest_code:
        cpuid
        vmcall
        mov rax, cr3                    ; no exit
        vmcall
        cpuid
