; TITLE: single-stepping on branches: which instructions trap, and what clears IA32_DEBUGCTL.BTF
; SDM: "Single-Stepping on Branches"; "Single-Step Exception Condition"
%include "lab64.inc"
%macro BTF 1                            ; label
        T %1
        mov dword [cont], 1
        mov ecx, 0x1D9
        mov eax, 2
        xor edx, edx
        wrmsr
        mov eax, 3
        mov ecx, eax
        push 0x102
        popfq
%endmacro
%macro OFF 0                            ; DEBUGCTL
        push 2
        popfq
        mov ecx, 0x1D9
        rdmsr
        OK
%endmacro
main:
        BTF "no branch"
        nop
        mov ebx, [0x190000]
        OFF
        BTF "JMP"
        jmp .jmp
        nop
.jmp:   OFF
        BTF "JMP to the next instruction"
        jmp .next
.next:  OFF
        BTF "JMP by a register"
        mov ebx, .register
        jmp rbx
        nop
.register: OFF
        BTF "JNZ not taken"
        xor ebx, ebx
        jnz .not
.not:   OFF
        BTF "JZ to the next instruction"
        xor ebx, ebx
        jz .jz
.jz:    OFF
        BTF "CALL"
        call .call
.call:  add rsp, 8
        OFF
        BTF "RET"
        push .ret
        ret
        nop
.ret:   OFF
        BTF "LOOP"
        loop .loop
.loop:  OFF
        BTF "LOOP ends"
        mov ecx, 1
        loop .ends
.ends:  OFF
        BTF "LOOPE, ZF = 0"
        or ebx, -1
        loope .loope
.loope: OFF
        BTF "LOOPNE, ZF = 0"
        or ebx, -1
        loopne .loopne
.loopne: OFF
        BTF "JRCXZ not taken"
        jrcxz .rcx
.rcx:   OFF
        BTF "JRCXZ"
        xor ecx, ecx
        jrcxz .rcx0
.rcx0:  OFF
        BTF "IRETQ"
        mov rbx, rsp
        push 0x10
        push rbx
        push 0x102
        push 0x18
        push .iretq
        iretq
.iretq: OFF
        BTF "RETF"
        push 0x18
        push .retf
        o64 retf
.retf:  OFF
        BTF "INT n"
        int 0x40
        OFF
        BTF "INT1"
        int1
        nop
        OFF
        BTF "REP MOVSB"
        mov esi, 0x190000
        mov edi, 0x191000
        rep movsb
        OFF
        BTF "MOV SS"
        mov ebx, 0x10
        mov ss, ebx
        jmp .ss
.ss:    OFF
        BTF "CPUID"
        xor eax, eax
        cpuid
        OFF
        BTF "a fault"
        xor ebx, ebx
        div ebx
        nop
        OFF
        T "IA32_DEBUGCTL without TF"
        mov ecx, 0x1D9
        mov eax, 2
        xor edx, edx
        wrmsr
        jmp .without
.without: rdmsr
        OK
        jmp finish
gt:
