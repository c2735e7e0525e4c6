; TITLE: debugging across task switches: the T bit of the TSS, single step, local breakpoints of DR7
; SDM: "Debug Exceptions" (task-switch exception condition); "32-Bit Task-State Segment (TSS)"; "Debug Control Register (DR7)"
%include "lab32.inc"
%macro TASK2 1-2 2                      ; EIP, EFLAGS
        mov dword [tss2+0x20], %1
        mov dword [tss2+0x24], %2
        mov dword [tss2+0x38], 0x240000
        mov byte [gdt+0xA5], 0x89       ; available
        mov byte [gdt+0x2D], 0x8B
        mov eax, 0xFFFF0FF0
        mov dr6, eax
%endmacro
%macro AFTER 0                          ; DR6 and DR7
        mov eax, dr6
        call okmsg
        mov eax, 0xFFFF0FF0
        mov dr6, eax
        clts
        mov eax, dr7
        OK
%endmacro
main:
        mov dword [tss2+0x48], 0x10
        mov dword [tss2+0x4C], 8
        mov dword [tss2+0x50], 0x10
        mov dword [tss2+0x54], 0x10
        mov dword [tss2+0x58], 0
        mov dword [tss2+0x5C], 0
        mov dword [tss2+0x60], 0
        mov dword [tss2+0x64], 1        ; T
        mov dword [tss+0x48], 0x10
        T "CALL"
        mov dword [cont], 1
        TASK2 back
        call 0xA0:0
        AFTER
        T "JMP"
        mov dword [cont], 1
        TASK2 jump_back
        jmp 0xA0:0
        AFTER
        T "task gate"
        mov dword [cont], 1
        TASK2 back
        mov dword [0x180000+8*0x50], 0x00A00000
        mov dword [0x180000+8*0x50+4], 0x8500
        int 0x50
        AFTER
        T "IRET to a task with T"
        mov dword [cont], 1
        mov word [tss+0x64], 1
        mov word [tss2+0x64], 0
        TASK2 back
        call 0xA0:0
        AFTER
        mov word [tss+0x64], 0
        T "fault through a task gate"
        mov dword [cont], 1
        mov word [tss2+0x64], 1
        mov dword [0x180000+8*13], 0x00A00000
        mov dword [0x180000+8*13+4], 0x8500
        TASK2 error
        mov ax, 0x800
        mov es, ax
        AFTER
        mov word [tss2+0x64], 0
        T "TF in the old task"
        mov dword [cont], 1
        TASK2 jump_back
        push 0x102
        popfd
        jmp 0xA0:0
        push 2
        popfd
        AFTER
        T "TF in the new task"
        mov dword [cont], 1
        TASK2 jump_back, 0x102
        jmp 0xA0:0
        AFTER
        T "TF and T"
        mov dword [cont], 1
        mov word [tss2+0x64], 1
        TASK2 jump_back, 0x102
        jmp 0xA0:0
        mov word [tss2+0x64], 0
        AFTER
        T "local and global breakpoints"
        mov dword [cont], 1
        TASK2 jump_back
        mov eax, 0x190000
        mov dr0, eax
        mov dr1, eax
        mov eax, 0x7FF
        mov dr7, eax
        jmp 0xA0:0
        AFTER
        mov eax, 0x400
        mov dr7, eax
        jmp finish
back:   nop
        iretd
jump_back: nop
        jmp 0x28:0
error:  pop eax
        mov eax, [resume]
        mov [tss+0x20], eax
        iretd
gt:
