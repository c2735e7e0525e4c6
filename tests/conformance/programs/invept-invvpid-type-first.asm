; TITLE: INVEPT and INVVPID look at the type first: a descriptor that cannot be read faults only where the type is supported
; SDM: INVEPT—Invalidate Translations Derived from EPT; INVVPID—Invalidate Translations Based on VPID
%include "vmxlab.inc"
NOT_CANONICAL equ 0x800000000000
CASE
        VMX_ON
        VMCS_STD
        mov rbx, NOT_CANONICAL
        mov eax, 2
        TRY "INVEPT, type 2, no descriptor there", invept rax, [rbx]
        mov eax, 3
        TRY "INVEPT, type 3, no descriptor there", invept rax, [rbx]
        mov eax, 0
        TRY "INVEPT, type 0, no descriptor there", invept rax, [rbx]
        mov eax, 2
        TRY "INVVPID, type 2, no descriptor there", invvpid rax, [rbx]
        mov eax, 4
        TRY "INVVPID, type 4, no descriptor there", invvpid rax, [rbx]
        mov rax, 1 << 32
        TRY "INVVPID, type 2 to the 32, no descriptor there", invvpid rax, [rbx]
        GUEST
        vmcall
