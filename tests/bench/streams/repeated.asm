; Repeated string instructions over arrays larger than a step does at once, with plain instructions between.
        bits 64
        org 100000h

again:  mov edi, 300000h
        mov esi, 400000h
        mov ecx, 3000
        rep movsq
        mov ecx, 40
.plain: add r8, rcx
        dec ecx
        jnz .plain
        mov edi, 500000h
        mov ecx, 20000
        rep stosb
        jmp again
