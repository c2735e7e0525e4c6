; TITLE: Code that one processor changes is what the other executes next, in root operation and in a guest, and as often as it likes
; SDM: "Handling Self- and Cross-Modifying Code"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
CASE
        VMX_ON
        VMCS_STD
        START_SECOND second
        AWAIT 0
        mov r15d, 5
.next:  mov eax, r15d
        mov [change + 1], al            ; the page holds code that the other one has run
        TELL 1
        AWAIT 2
        mov byte [FLAGS + 2], 0
        dec r15d
        jnz .next
        TELL 3
        AWAIT 4
        TEXT "a guest's code, changed while it runs"
        ENTER "first", vmlaunch
        DONE
second: TELL 0
        xor r14d, r14d
.again: call change
        shl r14, 8
        or r14b, al
        cmp byte [FLAGS + 1], 1
        jne .again
        mov byte [FLAGS + 1], 0
        call change
        movzx eax, al
        mov [SCRATCH], rax
        SHOW "second: what the code gives now", [SCRATCH]
        TELL 2
        cmp byte [SCRATCH], 1
        jne .again
        AWAIT 3
        TELL 4
.guest: cmp byte [FLAGS + 5], 1         ; the guest runs
        jne .guest
        mov word [guest_code.w], 0x9090 ; two NOPs for its jump to itself
        cli
        hlt
        section guest
guest_code:
        TELL 5
        align 2
.w:     jmp .w
        vmcall
        section guest2
change: mov al, 99
        ret
