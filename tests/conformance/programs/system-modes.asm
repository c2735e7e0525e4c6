; TITLE: real-address mode: interrupt vectors, far transfers, limits, unreal mode, and the way there and back
; SDM: "Mode Switching"; "Real-Address Mode"
%include "lab32.inc"
main:   ; code at 0x20000.. copied; jump to 16-bit segment, then clear PE
        mov esi, real
        mov edi, 0x20000
        mov ecx, reale-real
        cld
        rep movsb
        mov eax, cr0
        mov word [gdt+0xB8+2], 0        ; B8 code16 base 20000h
        mov byte [gdt+0xB8+4], 2
        mov ax, 0x10
        mov fs, ax                      ; stays flat: unreal
        mov ax, 0xB0
        mov ss, ax
        mov ds, ax
        mov es, ax
        mov esp, 0x7000
        jmp 0xB8:0
gt:
        bits 16
%macro P 1
        mov eax, %1
        call hex16
%endmacro
real:   mov eax, cr0
        and al, 0xFE
        mov cr0, eax
        jmp 0x2000:(r1-real)
r1:     xor ax, ax
        mov ss, ax
        mov sp, 0x7000
        mov ds, ax
        mov ax, 0x2000
        mov es, ax
        lidt [cs:ivt-real]
        mov cx, 256
        xor di, di
.f:     mov word [di], handler-real
        mov word [di+2], 0x2000
        add di, 4
        loop .f
        int 0x21
        P ss
        P cs
        int3
        xor cx, cx
        div cx                          ; fault: handler skips 2
        mov bx, 0xFFFF
        mov ax, [bx]                    ; #GP: 2 bytes, skipped by 2
        mov bp, 0xFFFF
        mov ax, [bp]                    ; #SS: 3 bytes, + nop
        db 0x90
        mov eax, [fs:0x20000]           ; unreal: beyond 64 KiB? address size 16 here
        mov ebx, 0x00100000
        mov eax, [fs:ebx]
        P eax
        mov ax, 0x1234
        mov fs, ax
        mov ebx, 0x00100000
        a32 mov ecx, [fs:ebx]           ; still unreal after a real-mode load
        P ebx
        ud2
        call 0x2000:(sub1-real)
        pushf
        push cs
        push word ret1-real
        iret
ret1:   pushf
        pop ax
        and eax, 0xffff
        P eax
        push word 0x7000
        popf
        pushf
        pop ax
        and eax, 0xffff
        P eax
        push word 0
        popf
        lar ax, cx                      ; #UD, 3 bytes
        nop
        smsw ax
        and eax, 0xffff
        P eax
        mov eax, cs
        mov sp, 0x7000
        lgdt [cs:gd-real]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 8:back
hex16:  push cx
        push edx
        mov edx, eax
        mov cx, 8
.l:     rol edx, 4
        mov al, dl
        and al, 15
        add al, '0'
        cmp al, '9'
        jbe .o
        add al, 39
.o:     out 0xE9, al
        loop .l
        mov al, 10
        out 0xE9, al
        pop edx
        pop cx
        ret
sub1:   P esp
        mov bp, sp
        mov eax, [bp]
        call hex16
        retf
handler: push bp
        mov bp, sp
        push eax
        mov ax, [bp+2]
        shl eax, 16
        mov ax, [bp+6]
        call hex16
        mov eax, [bp+4]
        call hex16
        pop eax
        push bx
        mov bx, [bp+2]
        cmp byte [cs:bx-2], 0xCD
        je .s
        cmp byte [cs:bx-1], 0xCC
        je .s
        add word [bp+2], 2
        cmp byte [cs:bx], 0x8B
        jne .t
        cmp byte [cs:bx+1], 0x46
        jne .t
        add word [bp+2], 1
.t:     cmp word [cs:bx], 0x020F
        jne .u
        add word [bp+2], 1
.u:
.s:     pop bx
        pop bp
        iret
ivt:    dw 0x3FF
        dd 0
gd:     dw gdt_end-gdt-1
        dd gdt
reale:
        bits 32
back:   mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov esp, 0x200000
        lidt [idtr]
        T "back"
        ud2
        OK
        ; PAE paging then IA-32e again
        T "pae reserved"
        mov dword [0x50000], 0x51007
        mov dword [0x50004], 0
        mov eax, 0x50000
        mov cr3, eax
        mov eax, cr4
        or eax, 0x20
        mov cr4, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        OK
        T "pae on"
        mov dword [0x50000], 0x51001
        mov dword [0x51000], 0x87
        mov dword [0x51008], 0x200087
        mov dword [0x51010], 0x400085
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov eax, [0x600000]
        OK
        T "pae wp"
        mov eax, cr0
        or eax, 0x10000
        mov cr0, eax
        mov [0x400000], eax
        OK
        T "lme while paging"
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x100
        wrmsr
        OK
        T "32-bit paging"
        mov eax, cr0
        and eax, 0x7FFFFFFF
        mov cr0, eax
        mov eax, 0x10
        mov cr4, eax
        mov dword [0x60000], 0x87
        mov dword [0x60004], 0x61007
        mov dword [0x61000], 0x500005
        mov dword [0x61004], 0
        mov eax, 0x60000
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov eax, [0x400000]
        mov eax, [0x60004]
        call okmsg
        mov eax, [0x61000]
        call okmsg
        mov eax, [0x60000]
        OK
        T "32-bit pf"
        mov eax, [0x401000]
        OK
        T "32-bit pf wp"
        mov [0x400000], eax
        OK
        T "lma without pae"
        mov eax, cr0
        and eax, 0x7FFFFFFF
        mov cr0, eax
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x100
        wrmsr
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        OK
        T "lma"
        mov eax, 0x20
        mov cr4, eax
        mov eax, 0x10000
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        rdmsr
        OK
        jmp finish
