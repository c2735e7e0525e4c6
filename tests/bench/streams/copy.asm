; A memory copy through page tables: 64 KiB from one place to another, again and again, a little different each time.
        bits 64
        org 100000h
again:  mov rsi, 600000h
        mov rdi, 700000h
        mov rcx, 8192
.next:  mov rax, [rsi]
        mov [rdi], rax
        add rsi, 8
        add rdi, 8
        dec rcx
        jnz .next
        inc qword [600008h]
        jmp again
