; TITLE: segment overrides in the instruction information and the linear address in 64-bit mode
; SDM: "VM-Exit Instruction Information"
%include "vmxlab.inc"
%macro EX 1
        ENTER %1, vmresume
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
%endmacro
CASE
        VMX_ON
        VMCS_STD
        ENTER "a", vmlaunch
        NEXT
        EX "cs"
        EX "ds rsp"
        EX "es rbp"
        EX "ss rax"
        EX "rbp idx"
        EX "rsp idx"
        GUEST
        cpuid
        vmclear [cs:rax]
        vmclear [ds:rsp]
        vmclear [es:rbp+4]
        vmclear [ss:rax]
        vmclear [rbp+rax*2]
        vmclear [rax*2+rsp]
