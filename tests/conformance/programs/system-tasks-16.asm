; TITLE: task switches between 32-bit and 16-bit TSSs: what is saved and loaded, nesting, error codes, inner stacks
; SDM: "16-Bit Task-State Segment (TSS)"; "Task Switching"
%include "lab32.inc"
%macro REGS 1
        mov eax, %1
        lea ecx, [eax+1]
        lea edx, [eax+2]
        lea ebx, [eax+3]
        lea ebp, [eax+4]
        lea esi, [eax+5]
        lea edi, [eax+6]
%endmacro
%macro TASK16 1                         ; IP
        mov byte [gdt+0xA5], 0x81       ; available
        mov byte [gdt+0x2D], 0x8B
        mov word [gdt+0xA0], 0x2B
        mov word [tss2], 0
        mov word [tss2+0x0E], %1
        mov word [tss2+0x10], 2
        mov word [tss2+0x12], 0xAAAA
        mov word [tss2+0x14], 0xCCCC
        mov word [tss2+0x16], 0xDDDD
        mov word [tss2+0x18], 0xBBBB
        mov word [tss2+0x1A], 0x4000    ; SP
        mov word [tss2+0x1C], 0x5B5B
        mov word [tss2+0x1E], 0x5151
        mov word [tss2+0x20], 0x5D5D
        mov word [tss2+0x22], 0x10
        mov word [tss2+0x24], 0x08
        mov word [tss2+0x26], 0xB0      ; a 16-bit stack
        mov word [tss2+0x28], 0x10
        mov word [tss2+0x2A], 0
%endmacro
main:
        mov edi, 0x8000                 ; code that a 16-bit IP reaches
        mov esi, low
        mov ecx, low_end - low
        rep movsb
        mov eax, 0x30
        mov fs, ax
        mov gs, ax
        T "CALL to a 16-bit TSS"
        TASK16 0x8000
        REGS 0x11223344
        push 0x8D7
        popfd
        call 0xA0:0
        clts
        movzx eax, word [out]
        call okmsg
        movzx eax, word [out+4]
        call okmsg
        movzx eax, word [out+8]
        call okmsg
        movzx eax, word [out+12]
        call okmsg
        movzx eax, word [out+16]
        call okmsg
        movzx eax, word [out+20]
        call okmsg
        movzx eax, word [out+24]
        call okmsg
        movzx eax, word [out+28]
        call okmsg
        mov eax, [out+32]               ; EFLAGS
        call okmsg
        mov eax, [out+36]               ; FS, GS
        call okmsg
        mov eax, [tss2]                 ; link
        call okmsg
        mov eax, [gdt+0xA4]
        OK
        T "what it saved"
        mov eax, [tss2+0x0C]
        call okmsg
        mov eax, [tss2+0x10]
        call okmsg
        mov eax, [tss2+0x14]
        call okmsg
        mov eax, [tss2+0x18]
        call okmsg
        mov eax, [tss2+0x1C]
        call okmsg
        mov eax, [tss2+0x20]
        call okmsg
        mov eax, [tss2+0x24]
        call okmsg
        mov eax, [tss2+0x28]
        OK
        T "JMP and back"
        TASK16 0x8000 + jump - low
        jmp 0xA0:0
        clts
        mov eax, [gdt+0xA4]
        call okmsg
        str eax
        OK
        T "too short"
        TASK16 0x8000
        mov word [gdt+0xA0], 0x2A
        call 0xA0:0
        OK
        T "busy"
        TASK16 0x8000
        mov byte [gdt+0xA5], 0x83
        call 0xA0:0
        OK
        T "fault through a task gate"
        TASK16 0x8000 + fault - low
        mov dword [0x180000+8*13], 0x00A00000
        mov dword [0x180000+8*13+4], 0x8500
        mov ax, 0x800
        mov es, ax
        OK
        clts
        movzx eax, word [out]           ; SP: one word was pushed
        call okmsg
        movzx eax, word [out+4]         ; the error code
        call okmsg
        mov ax, 0x10
        mov es, ax
        mov eax, stubs + 16*13          ; the gate as it was
        mov [0x180000+8*13], ax
        mov word [0x180000+8*13+2], 8
        mov word [0x180000+8*13+4], 0x8E00
        mov word [0x180000+8*13+6], 0x10
        T "T has no place"
        TASK16 0x8000 + jump - low
        mov dword [tss2+0x64], 1
        jmp 0xA0:0
        clts
        mov eax, dr6
        OK
        T "16-bit to 16-bit"
        TASK16 0x8000 + jump16 - low
        mov byte [gdt+0xDD], 0x81       ; D8: another 16-bit TSS
        mov word [gdt+0xD8], 0x2B
        mov word [gdt+0xDA], tss3 - 0x100000
        mov dword [0x190000], eax
        mov esi, tss2
        mov edi, tss3
        mov ecx, 11
        rep movsd
        mov word [tss3+0x0E], 0x8000 + jump - low
        mov word [tss3+0x12], 0x3333
        jmp 0xA0:0
        clts
        movzx eax, word [tss2+0x12]     ; AX as it was in the one,
        call okmsg
        movzx eax, word [tss3+0x12]     ; and in the other
        call okmsg
        mov eax, [gdt+0xDC]
        OK
        T "LTR"
        mov byte [gdt+0xA5], 0x81
        mov word [tss2+2], 0x2000       ; SP0
        mov word [tss2+4], 0x10         ; SS0
        mov ax, 0xA0
        ltr ax
        mov eax, [gdt+0xA4]
        OK
        mov byte [0x180000+8*0x40+5], 0xEE
        T "an inner stack"
        mov dword [extra], 1
        mov ebx, .user
        call to_user
.user:  int 0x40
        OK
        T "I/O at CPL 3: it has no bitmap"
        mov dword [extra], 1
        mov ebx, .in
        call to_user
.in:    in al, 0x80
        OK
        jmp finish
to_user: push 0x33
        push 0x240000
        push 2
        push 0x23
        push ebx
        iretd
low:    mov [out], eax
        mov [out+4], ecx
        mov [out+8], edx
        mov [out+12], ebx
        mov [out+16], esp
        mov [out+20], ebp
        mov [out+24], esi
        mov [out+28], edi
        pushfd
        pop dword [out+32]
        mov [out+36], fs
        mov [out+38], gs
        mov eax, 0x12345678
        mov esi, 0x9ABCDEF0
        iretd
jump:   jmp 0x28:0
jump16: add ax, 1
        jmp 0xD8:0
fault:  mov [out], esp
        movzx eax, sp
        mov eax, [eax]
        mov [out+4], eax
        mov eax, [resume]
        mov [tss+0x20], eax
        add esp, 2
        iretd
low_end:
gt:
align 4
out:    times 40 db 0
tss3:   times 44 db 0
