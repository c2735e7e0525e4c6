; TITLE: alignment checks: what must be aligned, and what turns the checks on
; SDM: "Interrupt 17—Alignment Check Exception (#AC)"; "Control Registers"; "System Flags and Fields in the EFLAGS Register"
%include "lab64.inc"
%define ODD 0x190001
%macro USER_AC 0                ; on at CPL 3 with RFLAGS.AC
        call to_r3
        push 0x40202
        popfq
%endmacro
main:
        mov byte [0x180000 + 16*0x40 + 5], 0xEE         ; INT 40h from CPL 3
        T "AM = 0"
        USER_AC
        mov rax, [ODD]
        int 0x40
        OK
        mov rax, cr0
        bts rax, 18
        mov cr0, rax
        T "AC = 0"
        call to_r3
        mov rax, [ODD]
        int 0x40
        OK
        T "CPL 0"
        push 0x40002
        popfq
        mov rax, [ODD]
        OK
        T "read 2"
        USER_AC
        mov ax, [ODD]
        OK
        T "read 4, even"
        USER_AC
        mov eax, [ODD + 1]
        OK
        T "read 8, by 4"
        USER_AC
        mov rax, [ODD + 3]
        OK
        T "read 1"
        USER_AC
        mov al, [ODD]
        int 0x40
        OK
        T "aligned"
        USER_AC
        mov rax, [ODD + 7]
        mov eax, [ODD + 3]
        mov ax, [ODD + 1]
        int 0x40
        OK
        T "write 2"
        USER_AC
        mov [ODD], ax
        OK
        T "write 4"
        USER_AC
        mov [ODD], eax
        OK
        T "write 8"
        USER_AC
        mov [ODD], rax
        OK
        T "add to memory"
        USER_AC
        add dword [ODD], 1
        OK
        T "xchg"
        USER_AC
        xchg [ODD], eax
        OK
        T "push"
        USER_AC
        sub rsp, 4
        push rax
        OK
        T "push 2"
        USER_AC
        push ax
        push ax
        push rax
        OK
        T "pop"
        USER_AC
        add rsp, 2
        pop rax
        OK
        T "call"
        USER_AC
        add rsp, 1
        call ac_target
        OK
        T "ret"
        USER_AC
        add rsp, 1
        ret
        OK
        T "enter"
        USER_AC
        add rsp, 1
        enter 8, 0
        OK
        T "leave"
        USER_AC
        lea rbp, [rsp - 7]
        leave
        OK
        T "bts"
        USER_AC
        mov eax, 33
        bts [ODD], eax
        OK
        T "bt far"
        USER_AC
        mov eax, 64
        bt [ODD - 1], ax
        int 0x40
        OK
        T "cmpxchg8b"
        USER_AC
        cmpxchg8b [ODD + 3]
        OK
        T "cmpxchg16b"
        USER_AC
        cmpxchg16b [ODD + 7]
        OK
        T "movs"
        USER_AC
        mov esi, ODD + 3
        mov edi, ODD + 15
        movsq
        OK
        T "rep movs from"
        USER_AC
        mov esi, ODD + 1
        mov edi, ODD + 15
        mov ecx, 4
        rep movsd
        OK
        T "rep movs across"
        USER_AC
        mov esi, 0x190000
        mov edi, 0x191000 - 2
        mov ecx, 4
        rep movsw
        mov eax, ecx
        int 0x40
        OK
        T "stos"
        USER_AC
        mov edi, ODD
        stosw
        OK
        T "scas"
        USER_AC
        mov edi, ODD
        scasw
        OK
        T "cmps"
        USER_AC
        mov esi, ODD - 1
        mov edi, ODD
        cmpsd
        OK
        T "lods"
        USER_AC
        mov esi, ODD
        lodsd
        OK
        T "lss"
        USER_AC
        lss eax, [ODD + 1]
        OK
        T "jmp far"
        USER_AC
        jmp far [ODD + 1]
        OK
        T "sgdt by 4"
        USER_AC
        sgdt [ODD + 3]
        OK
        T "sgdt by 6"
        USER_AC
        sgdt [ODD + 5]
        int 0x40
        OK
        T "sgdt odd"
        USER_AC
        sgdt [ODD]
        OK
        T "sidt odd"
        USER_AC
        sidt [ODD]
        OK
        T "sldt odd"
        USER_AC
        sldt [ODD]
        OK
        T "str odd"
        USER_AC
        str [ODD]
        OK
        T "smsw odd"
        USER_AC
        smsw [ODD]
        OK
        T "mov to segment"
        USER_AC
        mov fs, [ODD]
        OK
        T "xlat, lea, nop, prefetch"
        USER_AC
        mov ebx, ODD
        lea rax, [rbx + 1]
        nop dword [ODD]
        prefetcht0 [ODD]
        xlatb
        int 0x40
        OK
        T "movnti"
        USER_AC
        movnti [ODD], rax
        OK
        T "movbe"
        USER_AC
        movbe rax, [ODD]
        OK
        T "div"
        USER_AC
        div dword [ODD]
        OK
        T "popfq clears"
        USER_AC
        push 0x202
        popfq
        mov rax, [ODD]
        int 0x40
        OK
        T "iretq sets"
        call to_r3
        push 0x43
        push 0x240000
        push 0x40202
        push 0x3B
        push ac_read
        iretq
ac_target:
ac_read: mov rax, [ODD]
        OK
        T "iretq, unaligned frame"
        USER_AC
        sub rsp, 4
        iretq
        OK
        T "handler at CPL 0"
        USER_AC
        mov dword [cont], 1
        int 0x40
        mov rax, [ODD]
        OK
        T "#PF, aligned"
        USER_AC
        mov rbx, 0x4000000000
        mov rax, [rbx]
        OK
        T "page absent"
        USER_AC
        mov rbx, 0x4000000001
        mov rax, [rbx]
        OK
        T "#GP before"
        USER_AC
        mov rbx, 0x800000000001
        mov rax, [rbx]
        OK
        T "into the hole"
        USER_AC
        mov rbx, 0x7FFFFFFFFFFF
        mov rax, [rbx]
        OK
        T "#SS before"
        USER_AC
        mov rsp, 0x900000000001
        push rax
        OK
        T "second page absent"
        USER_AC
        mov ebx, 0xFFFFFFFF
        mov ax, [rbx]
        OK
        ; in compatibility mode and by SYSRET
        mov ecx, 0xC0000080
        rdmsr
        or eax, 1
        wrmsr
        mov ecx, 0xC0000081
        xor eax, eax
        mov edx, 0x002B0018
        wrmsr
        T "sysret"
        mov ecx, ac_read2
        mov r11d, 0x40202
        o64 sysret
ac_read2: mov rax, [ODD]
        OK
        T "compatibility mode"
        call to_r3c
        bits 32
        push dword 0x40202
        popfd
        mov eax, [ss:ODD]
        bits 64
        OK
        T "compatibility mode, push"
        call to_r3c
        bits 32
        push dword 0x40202
        popfd
        sub esp, 2
        push eax
        bits 64
        OK
        jmp finish
gt:
