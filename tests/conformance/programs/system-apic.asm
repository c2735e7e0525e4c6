; TITLE: the local APIC: interrupts, priorities, shadows, NMI, timer; ports and unmapped memory
; SDM: "Local APIC"; "Interrupt Acceptance for Fixed Interrupts"
%include "lab64.inc"
APIC equ 0xFEE00000
%macro W 2
        mov dword [rbx+%1], %2
%endmacro
%macro R 1
        mov eax, [rbx+%1]
        call okmsg
%endmacro
main:   mov ebx, APIC
        T "reset"
        R 0x20
        R 0x30
        R 0x80
        R 0xD0
        R 0xE0
        R 0xF0
        R 0x280
        R 0x300
        R 0x320
        R 0x350
        R 0x360
        R 0x370
        R 0x3E0
        R 0x390
        OK
        T "disabled lvt"
        W 0x320, 0x40
        R 0x320
        W 0xF0, 0x1FF
        W 0x320, 0x40
        R 0x320
        W 0x320, 0x10000
        OK
        T "self ipi if0"
        W 0x300, 0x44050
        R 0x220
        R 0x300
        mov dword [cont], 1
        sti
        nop
        nop
        cli
        R 0x120
        R 0x220
        R 0xA0
        W 0xB0, 0
        R 0x120
        R 0xA0
        OK
        T "sti shadow"
        mov dword [cont], 1
        W 0x300, 0x44051
        sti
        inc eax
        inc eax
        cli
        W 0xB0, 0
        OK
        T "sti cli"
        mov dword [cont], 1
        W 0x300, 0x44051
        sti
        cli
        nop
        R 0x220
        sti
        nop
        nop
        cli
        W 0xB0, 0
        OK
        T "popf"
        mov dword [cont], 1
        W 0x300, 0x44051
        push 0x202
        popfq
        nop
        nop
        cli
        W 0xB0, 0
        OK
        T "mov ss shadow"
        mov dword [cont], 1
        W 0x310, 0
        mov ecx, 0x10
        sti
        nop
        W 0x300, 0x44051
        nop
        nop
        cli
        W 0xB0, 0
        OK
        T "priority"
        mov dword [cont], 1
        W 0x300, 0x44051
        W 0x300, 0x44072
        W 0x300, 0x44061
        sti
        nop
        nop
        nop
        cli
        R 0x120
        R 0x220
        R 0x170
        R 0x230
        W 0xB0, 0
        sti
        nop
        nop
        cli
        W 0xB0, 0
        sti
        nop
        nop
        cli
        W 0xB0, 0
        OK
        T "tpr"
        mov dword [cont], 1
        mov eax, 6
        mov cr8, rax
        R 0x80
        R 0xA0
        W 0x300, 0x44051
        sti
        nop
        nop
        xor eax, eax
        mov cr8, rax
        nop
        nop
        cli
        W 0xB0, 0
        OK
        T "nmi"
        mov dword [cont], 1
        W 0x310, 0
        W 0x300, 0x400
        nop
        nop
        OK
        T "nmi again"
        mov dword [cont], 1
        W 0x300, 0x400
        nop
        nop
        OK
        T "nmi mov ss"
        mov dword [cont], 1
        mov ecx, 0x10
        mov eax, 0x400
        mov ss, cx
        mov [rbx+0x300], eax
        nop
        OK
        T "hlt wake"
        mov dword [cont], 1
        W 0x300, 0x44055
        sti
        hlt
        cli
        W 0xB0, 0
        OK
        T "timer"
        mov dword [cont], 1
        W 0x3E0, 0xB
        W 0x320, 0x60
        W 0x380, 3000
        sti
        hlt
        cli
        W 0xB0, 0
        R 0x380
        R 0x390
        OK
        T "timer masked"
        W 0x320, 0x10060
        W 0x380, 300
        mov ecx, 20000
.l:     loop .l
        R 0x390
        R 0x220
        R 0x230
        OK
        T "timer periodic"
        mov dword [cont], 1
        W 0x320, 0x20061
        W 0x380, 50000
        sti
        hlt
        W 0xB0, 0
        hlt
        cli
        W 0x380, 0
        W 0xB0, 0
        R 0x390
        OK
        T "esr"
        W 0x280, 0
        W 0x300, 0x44005
        W 0x280, 0
        R 0x280
        OK
        T "logical"
        mov dword [cont], 1
        W 0xD0, 0x01000000
        W 0x310, 0x01000000
        W 0x300, 0x04851
        sti
        nop
        nop
        cli
        W 0xB0, 0
        W 0x310, 0x02000000
        W 0x300, 0x04852
        R 0x220
        OK
        T "other"
        W 0x310, 0x05000000
        W 0x300, 0x04052
        R 0x220
        W 0x300, 0xC4052
        R 0x220
        OK
        T "unmapped"
        mov eax, [0xD0000000]
        call okmsg
        mov qword [0xD0000000], 5
        mov rax, [0xD0000000]
        OK
        T "ports"
        in al, 0x55
        call okmsg
        xor eax, eax
        mov dx, 0x1234
        in ax, dx
        call okmsg
        in eax, dx
        call okmsg
        xor eax,eax
        in al, 0xE9
        call okmsg
        mov edi, 0x190000
        mov ecx, 3
        rep insb
        mov eax, [0x190000]
        mov esi, s_x
        mov ecx, 3
        mov dx, 0xE9
        rep outsb
        OK
        jmp finish
s_x:    db "abc"
gt:
