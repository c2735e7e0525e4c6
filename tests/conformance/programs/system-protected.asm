; TITLE: segments, gates, privilege and error codes in 32-bit protected mode
; SDM: "Protection"; "Exception and Interrupt Reference"
%include "lab32.inc"
main:
        T "null ds read"
        mov ax, 0
        mov ds, ax
        mov eax, [0]
        OK
        mov ax, 0x10
        mov ds, ax
        T "null ss"
        mov ax, 0
        mov ss, ax
        OK
        T "ss rpl"
        mov ax, 0x13
        mov ss, ax
        OK
        T "ss ro"
        mov ax, 0x58
        mov ss, ax
        OK
        T "ss np"
        mov ax, 0x48
        mov ss, ax
        OK
        T "ds np"
        mov ax, 0x48
        mov es, ax
        OK
        T "ds xo"
        mov ax, 0x50
        mov es, ax
        OK
        T "beyond"
        mov ax, 0x800
        mov es, ax
        OK
        T "ldt"
        mov ax, 0x0C
        mov es, ax
        OK
        T "sys"
        mov ax, 0x28
        mov es, ax
        OK
        T "ro write"
        mov ax, 0x58
        mov es, ax
        mov eax, [es:0x1000]
        mov [es:0x1000], eax
        OK
        T "code write"
        mov [cs:0x1000], eax
        OK
        T "limit byte"
        mov ax, 0x78
        mov es, ax
        mov al, [es:15]
        mov eax, [es:12]
        mov eax, [es:13]
        OK
        T "expand-down"
        mov ax, 0x70
        mov es, ax
        mov eax, [es:0x1000]
        mov eax, [es:0xFFF]
        OK
        T "accessed"
        mov eax, [gdt+0xD4]
        call okmsg
        mov ax, 0xD0
        mov es, ax
        mov eax, [gdt+0xD4]
        OK
        T "lar"
        mov ecx, 0x28
        lar eax, ecx
        call okmsg
        mov ecx, 0x40
        lar eax, ecx
        call okmsg
        mov ecx, 0x80
        lar eax, ecx
        call okmsg
        mov ecx, 0x800
        lar eax, ecx
        call okmsg
        mov ecx, 0x10
        lsl eax, ecx
        call okmsg
        mov ecx, 0x78
        lsl eax, ecx
        call okmsg
        mov ecx, 0x80
        lsl eax, ecx
        call okmsg
        mov ecx, 0x13
        lsl eax, ecx
        call okmsg
        mov ecx, 0x50
        verr cx
        call okmsg
        mov ecx, 0x58
        verw cx
        call okmsg
        mov ecx, 0x30
        verw cx
        call okmsg
        mov eax, 0x30
        mov ecx, 3
        arpl ax, cx
        call okmsg
        arpl ax, cx
        call okmsg
        smsw eax
        call okmsg
        str eax
        call okmsg
        sldt eax
        OK
        T "lldt bad"
        mov ax, 0x28
        lldt ax
        OK
        T "lldt"
        mov ax, 0x38
        lldt ax
        sldt eax
        call okmsg
        mov ax, 4
        mov es, ax
        OK
        T "ltr busy"
        mov ax, 0x28
        ltr ax
        OK
        T "jmp conforming"
        jmp 0x40:Lf
Lf:     mov eax, cs
        OK
        jmp 8:Lx
Lx:
        T "jmp to data"
        jmp 0x10:0
        OK
        T "jmp r3"
        jmp 0x23:0
        OK
        T "jmp null"
        jmp 0:0
        OK
        T "call gate same"
        call 0x90:0
        mov eax, esp
        OK
        T "call gate np"
        call 0x98:0
        OK
        T "int gate ok"
        mov dword [cont], 1
        int 0x40
        int3
        mov eax, 0x7fffffff
        inc eax
        into
        OK
        T "ud"
        ud2
        OK
        T "div"
        xor ecx, ecx
        div ecx
        OK
        T "idt beyond"
        lidt [idtr_s]
        int 0x40
        OK
        lidt [idtr]
        T "r3 hlt"
        call to_r3
        hlt
        OK
        T "r3 cli"
        call to_r3
        cli
        OK
        T "r3 mov cr"
        call to_r3
        mov eax, cr0
        OK
        T "r3 int40 dpl"
        call to_r3
        int 0x40
        OK
        T "r3 out"
        call to_r3
        out 0xE9, al
        OK
        T "r3 load ds0"
        call to_r3
        mov ax, 0x10
        mov ds, ax
        OK
        T "r3 gate"
        mov dword [tss+4], 0x210000
        call to_r3
        push 0x11112222
        push 0x33334444
        call 0x8B:0
        mov eax, esp
        mov [0x190000], eax
        mov eax, ss
        hlt
        OK
        mov eax, [0x190000]
        call puthex
        call putnl
        T "r3 gate0"
        call to_r3
        call 0x93:0
        OK
        T "r3 conforming"
        call to_r3
        call 0x40:Lc
Lc:     mov eax, cs
        mov [0x190000], eax
        hlt
        OK
        mov eax, [0x190000]
        call puthex
        call putnl
        T "r3 iopl3"
        mov dword [iopl], 0x3000
        call to_r3
        cli
        sti
        pushfd
        pop eax
        hlt
        OK
        mov dword [iopl], 0
        T "r3 io bitmap"
        mov byte [tss+104+(0x70>>3)], 0xFE
        call to_r3
        in al, 0x70
        in ax, 0x70
        OK
        T "r3 popf"
        call to_r3
        push 0x3246
        popfd
        pushfd
        pop eax
        hlt
        OK
        T "r3 umip none"
        call to_r3
        sgdt [0x190010]
        smsw eax
        hlt
        OK
        T "iret outer bad ss"
        push 0x10
        push 0x230000
        push 2
        push 0x23
        push 0
        iretd
        OK
        T "iret outer bad cs"
        push 0x33
        push 0x230000
        push 2
        push 0x20
        push 0
        iretd
        OK
        T "retf inner"
        push 0x08
        push Lz
        retf
Lz:     OK
        T "ds nulled"
        mov ax, 0x10
        mov ds, ax
        mov ax, 0x33
        mov es, ax
        push 0x33
        push 0x230000
        push 0x23
        push Ly
        retf
Ly:     mov eax, ds
        mov ebx, es
        shl ebx, 16
        or eax, ebx
        mov [es:0x190000], eax
        hlt
        OK
        mov eax, [0x190000]
        call puthex
        call putnl
        jmp finish
idtr_s: dw 0x100
        dd 0x180000
iopl:   dd 0
to_r3:  pop eax
        mov cx, 0x33
        mov ds, cx
        mov es, cx
        mov dword [extra], 1
        push 0x33
        push 0x230000
        mov ecx, 2
        or ecx, [iopl]
        push ecx
        push 0x23
        push eax
        iretd

gt:     push eax
        mov eax, esp
        push eax
        mov eax, ss
        call puthex
        mov eax, cs
        call puthex
        pop eax
        call puthex
        mov eax, [esp+4]
        sub eax, [base]
        call puthex
        mov eax, [esp+8]
        call puthex
        mov eax, [esp+12]
        call puthex
        mov eax, [esp+16]
        call puthex
        mov eax, [esp+20]
        call puthex
        call putnl
        pop eax
        test word [esp+4], 3
        jz .s
        mov ax, 0x10
        retf 8
.s:     retf
