; An arithmetic loop: nothing but registers.
        bits 64
        org 100000h
        mov rcx, 100000000
again:  add rax, rcx
        xor rbx, rax
        shl rbx, 3
        sub rdx, rbx
        mov rsi, rdx
        and rsi, 0ffh
        lea rdi, [rax + rsi*4 + 16]
        cmp rdi, rdx
        dec rcx
        jnz again
        hlt
