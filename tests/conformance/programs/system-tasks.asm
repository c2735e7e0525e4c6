; TITLE: task switches by CALL, JMP, IRET and gates; virtual-8086 mode
; SDM: "Task Switching"; "Virtual-8086 Mode"
%include "lab32.inc"
main:
        ; task 2
        mov dword [tss2+0x20], task2
        mov dword [tss2+0x24], 2
        mov dword [tss2+0x38], 0x240000
        mov dword [tss2+0x48], 0x10
        mov dword [tss2+0x4C], 8
        mov dword [tss2+0x50], 0x10
        mov dword [tss2+0x54], 0x10
        mov dword [tss2+0x58], 0
        mov dword [tss2+0x5C], 0
        mov dword [tss2+0x60], 0
        mov dword [tss2+0x28], 0x11111111
        T "call task"
        mov eax, 0x55
        call 0xA0:0
        mov ebx, cr0
        xchg eax, ebx
        call okmsg
        clts
        mov eax, [gdt+0xA4]
        call okmsg
        mov eax, [gdt+0x2C]
        call okmsg
        str eax
        OK
        T "call task gate"
        call 0xA8:0
        clts
        mov eax, [tss2]
        call okmsg
        mov eax, [tss2+0x24]
        OK
        T "short tss"
        call 0xD8:0
        OK
        T "jmp task"
        mov dword [tss2+0x20], task3
        jmp 0xA0:0
        mov eax, [gdt+0xA4]
        call okmsg
        mov eax, [tss+0x24]
        OK
        clts
        T "iret nt"
        pushfd
        or dword [esp], 0x4000
        popfd
        mov dword [tss], 0xA0
        iretd
        OK
        push 2
        popfd
        T "iret nt bad link"
        pushfd
        or dword [esp], 0x4000
        popfd
        mov dword [tss], 0
        iretd
        OK
        push 2
        popfd
        ; interrupt through task gate
        mov dword [0x180000+8*0x50], 0x00A00000
        mov dword [0x180000+8*0x50+4], 0x8500
        mov dword [0x180000+8*13], 0x00A00000
        mov dword [0x180000+8*13+4], 0x8500
        mov dword [tss2+0x20], task4
        mov dword [tss2+0x38], 0x240000
        T "int task gate"
        int 0x50
        mov eax, [tss2+0x38]
        OK
        clts
        mov dword [tss2+0x20], task5
        mov dword [tss2+0x38], 0x240000
        T "gp task gate"
        mov ax, 0x800
        mov es, ax
        OK
        clts
        ; restore gate 13
        mov eax, stubs+16*13
        mov edi, 0x180000+8*13
        mov ebx, eax
        and eax, 0xffff
        or eax, 0x80000
        mov [edi], eax
        and ebx, 0xffff0000
        or ebx, 0x8E00
        mov [edi+4], ebx
        ; bad cs in new task
        ; V86
        T "v86 int"
        mov dword [extra], 2
        mov ecx, v86
        mov esi, ecx
        mov edi, 0x20000
        mov ecx, v86e-v86
        cld
        rep movsb
        mov dword [v86flags], 0x20002
        call to_v86
        OK
        T "v86 hlt"
        mov dword [extra], 2
        mov word [0x20000], 0x90f4
        call to_v86
        OK
        T "v86 cli iopl0"
        mov dword [extra], 2
        mov word [0x20000], 0x90fa
        call to_v86
        OK
        T "v86 iopl3 int40"
        mov dword [extra], 2
        mov dword [v86flags], 0x23002
        mov byte [0x180000+8*0x40+5], 0xEE
        mov word [0x20000], 0x40cd
        call to_v86
        OK
        T "v86 pushf popf"
        mov dword [extra], 2
        mov dword [0x20000], 0x589d9c9c  ; pushf pushf popf pop ax
        mov dword [0x20004], 0xf4
        call to_v86
        OK
        T "v86 lgdt"
        mov dword [extra], 2
        mov dword [0x20000], 0x16010f
        call to_v86
        OK
        T "v86 lar"
        mov dword [extra], 2
        mov dword [0x20000], 0xc0020f
        call to_v86
        OK
        T "v86 in"
        mov dword [extra], 2
        mov dword [0x20000], 0xf480e4
        call to_v86
        OK
        T "v86 limit"
        mov dword [extra], 2
        mov dword [0x20000], 0xffffa166
        mov dword [0x20004], 0xffffa1
        call to_v86
        OK
        jmp finish
task2:  call puthex
        mov eax, [tss2]
        call puthex
        pushfd
        pop eax
        call puthex
        str eax
        call puthex
        call putnl
        iretd
        jmp task2
task3:  pushfd
        pop eax
        call puthex
        mov eax, [gdt+0x2C]
        call puthex
        call putnl
        jmp 0x28:0
        pushfd
        pop eax
        call puthex
        call putnl
        jmp 0x28:0
task4:  mov eax, [tss2]
        call puthex
        mov eax, esp
        call puthex
        call putnl
        iretd
task5:  pop eax
        call puthex
        mov eax, [tss+0x20]
        sub eax,[base]
        call puthex
        mov eax, [tss+0x24]
        call puthex
        mov eax, [resume]
        mov [tss+0x20], eax
        call putnl
        iretd
v86flags: dd 0
to_v86: pop eax
        push 0x5555
        push 0x4444
        push 0x3333
        push 0x2222
        push 0x1000     ; ss
        push 0x8000     ; esp
        push dword [v86flags]
        push 0x2000
        push 0
        iretd
        bits 16
v86:    int 0x21
        nop
        hlt
v86e:
gt:
