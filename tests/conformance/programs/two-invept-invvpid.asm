; TITLE: INVEPT and INVVPID reach the TLB of the processor that executes them; another one goes on with what it has until its own
; SDM: "INVEPT—Invalidate Translations Derived from EPT"; "INVVPID—Invalidate Translations Based on VPID"; "Guidelines for Use of the INVEPT Instruction"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
PAGE    equ 0x1000000
ENTRY   equ EPT_PD + 8*8                ; of the 2 MiB at PAGE
%macro READS 2                          ; label, what the second's VMM does before it enters
        %2
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOW "read", [g_rbx]
        SHOW "read again", [g_rdx]
%endmacro
CASE
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        mov qword [PAGE + 0x400000], 0x3333
        mov qword [PAGE + 0x600000], 0x4444
        START_SECOND second
        AWAIT 0                         ; the second's VMCS and tables stand
        VMX_ON
        mov eax, 1
        mov edx, 2
        AWAIT 1                         ; its guest has read
        mov qword [ENTRY], 0x12000B7
        invept rax, [context]
        invept rdx, [context]
        invvpid rax, [tag]
        TELL 2
        AWAIT 3
        mov qword [ENTRY], 0x14000B7
        invept rax, [context]
        TELL 4
        AWAIT 5
        mov qword [ENTRY], 0x16000B7
        invvpid rax, [tag]
        TELL 6
        AWAIT 7
        GUEST
        mov rbx, [PAGE]
        mov al, [place]
        movzx eax, al
        mov byte [FLAGS + rax], 1       ; read
.wait:  pause
        cmp byte [FLAGS + rax + 1], 1
        jne .wait
        mov rdx, [PAGE]
        vmcall
        section host
second: VMX_ON_SECOND
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_VPID
        VMW VPID, 7
        TELL 0
        mov byte [place], 1
        ENTER "the first has executed INVEPT and INVVPID", vmlaunch
        SHOW "read", [g_rbx]
        SHOW "read again", [g_rdx]
        mov eax, 1
        mov byte [place], 3
        READS "after INVEPT here", {invept rax, [context]}
        mov eax, 1
        mov byte [place], 5
        READS "after INVVPID here", {invvpid rax, [tag]}
        mov eax, 2
        mov byte [place], 9
        mov byte [FLAGS + 10], 1
        READS "after all-context INVEPT here", {invept rax, [context]}
        TELL 7
        cli
        hlt
        section data
        align 8
context: dq EPT_PML4 + 0x1E, 0
tag:    dq 7, 0
place   db 0
