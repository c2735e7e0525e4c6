; TITLE: every VMX instruction outside VMX operation, at CPL 3, and with a memory operand that faults
; SDM: VMX Instruction Reference
%include "vmxlab.inc"
%macro OPERAND 2+                        ; OPERAND "name", instruction with the operand AT: it faults in three ways
        %strcat NOT_CANONICAL %1, ", address not canonical"
        %strcat NOT_CANONICAL_STACK %1, ", stack address not canonical"
        %strcat NOT_PRESENT %1, ", page not present"
        mov rbx, 0x800000000000
        %define AT [rbx]
        TRY NOT_CANONICAL, %2
        push rbp
        mov rbp, rbx
        %define AT [rbp]
        TRY NOT_CANONICAL_STACK, %2
        pop rbp
        mov rbx, 0x8000000000
        %define AT [rbx]
        TRY NOT_PRESENT, %2
        %undef AT                        ; or the next call would expand it before this macro can change it
%endmacro
CASE
        call vmx_enable
        TRY "vmptrld outside", vmptrld [p_vmcs_a]
        TRY "vmptrst outside", vmptrst [scratch]
        TRY "vmwrite outside", vmwrite rax, rcx
        TRY "vmresume outside", vmresume
        TRY "invept outside", invept rax, [scratch]
        TRY "invvpid outside", invvpid rax, [scratch]
        TRY "vmfunc outside", vmfunc
        OPERAND "vmxon", vmxon AT
        VMX_ON
        VMCS_STD
        TRY "vmxon at CPL 3", GO_USER u1
        TRY "vmxoff at CPL 3", GO_USER u2
        TRY "vmptrld at CPL 3", GO_USER u3
        TRY "vmptrst at CPL 3", GO_USER u4
        TRY "vmclear at CPL 3", GO_USER u5
        TRY "vmread at CPL 3", GO_USER u6
        TRY "vmwrite at CPL 3", GO_USER u7
        TRY "vmlaunch at CPL 3", GO_USER u8
        TRY "vmresume at CPL 3", GO_USER u9
        TRY "vmcall at CPL 3", GO_USER u10
        TRY "invept at CPL 3", GO_USER u11
        TRY "invvpid at CPL 3", GO_USER u12
        TRY "vmfunc at CPL 3", GO_USER u13
        OPERAND "vmptrld", vmptrld AT
        OPERAND "vmptrst", vmptrst AT
        OPERAND "vmclear", vmclear AT
        mov eax, 1
        OPERAND "invept", invept rax, AT
        mov eax, 2
        OPERAND "invvpid", invvpid rax, AT
        mov eax, G_RIP
        OPERAND "vmread", vmread AT, rax
        OPERAND "vmwrite", vmwrite rax, AT
        TRY "vmfunc in root operation", vmfunc
        DONE
        align 16
scratch: dq 0, 0
        GUEST
u1:     vmxon [p_vmxon]
u2:     vmxoff
u3:     vmptrld [p_vmcs_a]
u4:     vmptrst [scratch]
u5:     vmclear [p_vmcs_a]
u6:     vmread rax, rcx
u7:     vmwrite rax, rcx
u8:     vmlaunch
u9:     vmresume
u10:    vmcall
u11:    invept rax, [scratch]
u12:    invvpid rax, [scratch]
u13:    vmfunc
