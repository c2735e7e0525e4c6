; Calls and the stack: Fibonacci numbers the long way.
        bits 64
        org 100000h
again:  mov rdi, 18
        call fib
        add r12, rax
        jmp again
fib:    cmp rdi, 2
        jb .one
        push rbx
        push rdi
        dec rdi
        call fib
        mov rbx, rax
        pop rdi
        push rdi
        sub rdi, 2
        call fib
        add rax, rbx
        pop rdi
        pop rbx
        ret
.one:   mov rax, rdi
        ret
