; Hard: a store to another page every 4 steps.
        bits 64
        org 100000h
again:  mov rdi, 200000h
.next:  mov [rdi], rcx
        add rdi, 1000h
        cmp rdi, 1800000h
        jb .next
        inc rcx
        jmp again
