; TITLE: exceptions, gates, paging faults, control registers, descriptors and far transfers in IA-32e mode
; SDM: "64-Bit Mode IDT"; "Interrupt Stack Table"; "IRET in IA-32e Mode"
%include "lab64.inc"
main:
        T "noncanon read"
        mov rax, 0x8000000000000000
        mov rbx, [rax]
        OK
        T "noncanon rbp"
        mov rbp, 0x8000000000000000
        mov rax, [rbp]
        OK
        T "noncanon cross"
        mov rax, 0x7FFFFFFFFFFC
        mov rbx, [rax]
        OK
        T "noncanon jmp"
        mov rax, 0x8000000000000000
        jmp rax
        OK
        T "noncanon ret"
        mov rax, 0x8000000000000000
        push rax
        ret
        OK
        T "int dpl"
        call to_r3
        int 0x40
        OK
        T "int ok misaligned"
        mov dword [cont], 1
        sub rsp, 3
        int 0x40
        mov rax, rsp
        OK
        T "int3 into r3"
        mov byte [0x180000+16*3+5], 0xEE
        mov dword [cont], 1
        call to_r3
        int3
        int1
        hlt
        OK
        T "ist"
        mov byte [0x180000+16*0x41+4], 1
        mov dword [cont], 1
        int 0x41
        OK
        T "ist bad"
        mov byte [0x180000+16*0x41+4], 2
        int 0x41
        OK
        T "gate np"
        mov byte [0x180000+16*0x42+5], 0x0E
        int 0x42
        OK
        T "gate type"
        mov byte [0x180000+16*0x42+5], 0x85
        int 0x42
        OK
        T "trap gate if"
        mov byte [0x180000+16*0x43+5], 0x8F
        mov dword [cont], 1
        sti
        int 0x43
        pushfq
        pop rax
        cli
        OK
        T "gate to code32"
        mov word [0x180000+16*0x44+2], 0x08
        int 0x44
        OK
        T "gate to null"
        mov word [0x180000+16*0x44+2], 0x00
        int 0x44
        OK
        T "gate conforming r3"
        mov word [0x180000+16*0x44+2], 0x48
        mov byte [0x180000+16*0x44+5], 0xEE
        call to_r3
        int 0x44
        OK
        T "gate noncanon"
        mov dword [0x180000+16*0x45+8], 0x80000000
        int 0x45
        OK
        T "idt limit"
        lidt [idtr_s]
        int 0x80
        OK
        lidt [idtr]
        T "pf read"
        mov rax, 0x4000000000
        mov rbx, [rax]
        OK
        T "pf write r3"
        call to_r3
        mov rax, 0x4000000008
        mov [rax], rax
        OK
        T "pf fetch"
        mov rax, 0x4000000010
        jmp rax
        OK
        T "pf wp"
        and dword [0x12000+8*3], ~2     ; 2-4 MiB read-only, with WP=0
        mov rax, cr3
        mov cr3, rax
        mov [0x600000], rax
        call okmsg
        mov rax, cr0
        or eax, 0x10000
        mov cr0, rax
        mov [0x600000], rax
        OK
        mov rax, cr0
        and eax, ~0x10000
        mov cr0, rax
        or dword [0x12000+8*3], 2
        mov rax, cr3
        mov cr3, rax
        T "pf user"
        and dword [0x12000+8*2], ~4
        invlpg [0x400000]
        call to_r3
        mov rax, [0x400000]
        OK
        T "pf rsvd"
        mov rax, [0x12000+8*2]
        or eax, 0x2000
        mov [0x12000+8*2], rax
        invlpg [0x400000]
        mov rax, [0x400008]
        OK
        mov rax, [0x12000+8*2]
        and eax, ~0x2000
        mov [0x12000+8*2], rax
        T "nx off rsvd"
        bts qword [0x12000+8*2], 63
        invlpg [0x400000]
        mov rax, [0x400008]
        OK
        T "nx on"
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x800
        wrmsr
        mov rax, [0x400008]
        mov rax, 0x400000
        jmp rax
        OK
        btr qword [0x12000+8*2], 63
        or dword [0x12000+8*2], 4
        T "cr0 pg without pe"
        mov rax, 0x80000030
        mov cr0, rax
        OK
        T "cr0 nw"
        mov rax, cr0
        bts rax, 29
        mov cr0, rax
        OK
        T "cr0 hi"
        mov rax, cr0
        bts rax, 40
        mov cr0, rax
        OK
        T "cr0 pg off in 64"
        mov rax, cr0
        btr rax, 31
        mov cr0, rax
        OK
        T "cr0 reserved"
        mov rax, cr0
        or eax, 0x100
        mov cr0, rax
        mov rax, cr0
        OK
        T "cr4 pae off"
        mov rax, cr4
        btr rax, 5
        mov cr4, rax
        OK
        T "cr4 reserved"
        mov rax, cr4
        bts rax, 30
        mov cr4, rax
        OK
        T "cr4 la57"
        mov rax, cr4
        bts rax, 12
        mov cr4, rax
        OK
        T "cr4 pcide"
        mov rax, cr4
        bts rax, 17
        mov cr4, rax
        mov rax, cr3
        or eax, 5
        mov cr3, rax
        mov rax, cr3
        call okmsg
        bts rax, 63
        mov cr3, rax
        mov rax, cr3
        OK
        T "cr4 pcide off"
        mov rax, cr4
        btr rax, 17
        mov cr4, rax
        mov rax, cr3
        OK
        mov eax, 0x10000
        mov cr3, rax
        T "cr3 reserved"
        mov rax, cr3
        bts rax, 45
        mov cr3, rax
        OK
        T "cr8"
        mov eax, 16
        mov cr8, rax
        OK
        T "cr8 ok"
        mov eax, 5
        mov cr8, rax
        mov rax, cr8
        call okmsg
        mov eax, [0xFEE00080]
        call okmsg
        mov eax, [0xFEE000A0]
        call okmsg
        xor eax, eax
        mov cr8, rax
        OK
        T "cr1"
        db 0x0f, 0x20, 0xc8
        OK
        T "efer reserved"
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x4
        wrmsr
        OK
        T "efer lme off"
        mov ecx, 0xC0000080
        rdmsr
        and eax, ~0x100
        wrmsr
        OK
        T "dr7 hi"
        mov rax, 0x100000400
        mov dr7, rax
        OK
        T "dr6"
        mov rax, 0xffffffff
        mov dr6, rax
        mov rax, dr6
        call okmsg
        xor eax, eax
        mov dr6, rax
        mov rax, dr6
        call okmsg
        mov rax, 0xffffdfff
        mov dr7, rax
        mov rax, dr7
        call okmsg
        mov eax, 0x400
        mov dr7, rax
        OK
        T "dr4 alias"
        mov rax, dr4
        call okmsg
        mov rax, cr4
        or eax, 8
        mov cr4, rax
        mov rax, dr4
        OK
        T "gd"
        mov eax, 0x2400
        mov dr7, rax
        mov rax, dr0
        OK
        T "lgdt noncanon"
        mov qword [0x190002], 0
        mov byte [0x190009], 0x80
        lgdt [0x190000]
        OK
        T "ltr busy"
        mov ax, 0x28
        ltr ax
        OK
        T "ltr bad upper"
        mov ax, 0x80
        ltr ax
        OK
        T "ltr limit"
        mov ax, 0xA8
        ltr ax
        OK
        T "lldt"
        mov ax, 0x70
        lldt ax
        sldt rax
        OK
        T "lar lsl"
        mov ecx, 0x28
        lar rax, ecx
        call okmsg
        lsl rax, rcx
        call okmsg
        mov ecx, 0x58
        lar eax, ecx
        call okmsg
        lsl eax, ecx
        call okmsg
        mov ecx, 0x18
        lar ax, cx
        OK
        T "callgate r3"
        call to_r3
        call far [fp58]
        hlt
        OK
        T "callgate 32 target"
        call far [fpA0]
        OK
        T "callgate same"
        mov rcx, rsp
        call far [fp58]
        sub rcx, rsp
        mov rax, rcx
        OK
        T "jmp far LD"
        jmp far [fp50]
        OK
        T "jmp far compat"
        jmp far [fpc]
        bits 32
cmp1:   mov eax, cs
        mov ecx, ss
        jmp 0x18:cmp2
        bits 64
cmp2:   OK
        T "compat int"
        mov dword [cont], 1
        jmp far [fpd]
        bits 32
cmp3:   int 0x40
        mov eax, [0]
        jmp 0x18:cmp4
        bits 64
cmp4:   OK
        T "compat null ds"
        jmp far [fpe]
        bits 32
cmp5:   xor eax, eax
        mov ds, ax
        mov eax, [0]
        bits 64
        OK
        T "compat r3 ud vmx"
        call to_r3c
        bits 32
        syscall
        bits 64
        OK
        T "null ss r0"
        xor eax, eax
        mov ss, ax
        mov eax, ss
        push rax
        OK
        mov ax, 0x10
        mov ss, ax
        T "null ss r3"
        call to_r3
        xor eax, eax
        mov ss, ax
        OK
        T "iretq null ss"
        push 0
        push 0x280000
        push 2
        push 0x18
        push okk
        iretq
okk:    mov eax, ss
        call okmsg
        mov ax, 0x10
        mov ss, ax
        OK
        T "iretq nt"
        push 0x4002
        popfq
        push 0x10
        push 0x280000
        push 2
        push 0x18
        push okk
        iretq
        OK
        T "iretq noncanon"
        push 0x10
        push 0x280000
        push 2
        push 0x18
        mov rax, 0x8000000000000000
        push rax
        iretq
        OK
        T "iretq noncanon r3"
        push 0x43
        push 0x280000
        push 2
        push 0x3B
        mov rax, 0x8000000000000000
        push rax
        iretq
        OK
        T "iretd in 64"
        sub rsp, 20
        mov dword [rsp], ii1
        mov dword [rsp+4], 0x18
        mov dword [rsp+8], 0x202
        mov dword [rsp+12], 0x280000
        mov dword [rsp+16], 0x10
        iretd
ii1:    mov rax, rsp
        cli
        OK
        T "retfq outer"
        push 0x43
        push 0x240000
        push 0x3b
        push rf1
        retfq
rf1:    mov eax, cs
        hlt
        OK
        T "retfq imm outer"
        push 0x43
        push 0x240000
        push 0
        push 0x3b
        push rf2
        retfq 8
rf2:    mov rax, rsp
        hlt
        OK
        T "popfq"
        push 0x3f7ed7
        popfq
        pushfq
        pop rax
        push 2
        popfq
        OK
        jmp finish
align 8
fp58: dd 0
      dw 0x58
fpA0: dd 0
      dw 0xA0
fp50: dd 0
      dw 0x50
fpc:  dd cmp1
      dw 8
fpd:  dd cmp3
      dw 8
fpe:  dd cmp5
      dw 8
idtr_s: dw 0x7ff
        dq 0x180000
gt:     push rax
        mov rax, rsp
        call puthex
        mov eax, ss
        call puthex
        mov rax, [rsp+16]
        call puthex
        mov rax, [rsp+24]
        call puthex
        mov rax, [rsp+32]
        call puthex
        call putnl
        pop rax
        retfq
