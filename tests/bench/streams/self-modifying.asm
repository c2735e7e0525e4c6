; Hard: code that rewrites an instruction of its own loop in each pass.
        bits 64
        org 100000h
again:  inc ecx
        mov [patch + 1], ecx
patch:  mov eax, 0
        add rdx, rax
        jmp again
