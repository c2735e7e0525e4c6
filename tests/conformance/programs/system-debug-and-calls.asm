; TITLE: single step, breakpoints, fast system calls, MSRs, extended state, double faults
; SDM: "Debug Exceptions"; "Fast System Calls in 64-Bit Mode"
%include "lab64.inc"
main:
        T "tf"
        mov dword [cont], 1
        push 0x102
        popfq
        nop
        mov eax, 1
        push 2
        popfq
        nop
        OK
        T "tf mov ss"
        mov dword [cont], 1
        mov ecx, 0x10
        push 0x102
        popfq
        mov ss, cx
        nop
        nop
        push 2
        popfq
        OK
        T "tf int"
        mov dword [cont], 1
        push 0x102
        popfq
        int 0x40
        push 2
        popfq
        OK
        T "tf rep"
        mov dword [cont], 1
        mov esi, 0x190000
        mov edi, 0x191000
        mov ecx, 3
        push 0x102
        popfq
        rep movsb
        push 2
        popfq
        mov rax, rcx
        OK
        T "tf fault"
        push 0x102
        popfq
        ud2
        OK
        T "icebp tf"
        mov dword [cont], 1
        push 0x102
        popfq
        int1
        push 2
        popfq
        OK
        xor eax, eax
        mov dr6, rax
        T "exec bp"
        mov dword [cont], 2
        mov rax, bp1
        mov dr0, rax
        mov eax, 0x402
        mov dr7, rax
        nop
bp1:    nop
        nop
        xor eax, eax
        mov dr6, rax
        OK
        T "write bp"
        mov dword [cont], 1
        mov eax, 0x190004
        mov dr1, rax
        mov eax, 0x00D00408     ; dr1 write 4 bytes global
        mov dr7, rax
        mov eax, [0x190004]
        mov [0x190002], eax
        mov [0x190008], eax
        mov byte [0x190007], 1
        xor eax, eax
        mov dr6, rax
        OK
        T "rw bp"
        mov dword [cont], 1
        mov eax, 0x190004
        mov dr1, rax
        mov eax, 0x00F00408
        mov dr7, rax
        mov eax, [0x190004]
        push qword [0x190000]
        pop rax
        xor eax, eax
        mov dr6, rax
        OK
        T "rw bp mov ss"
        mov dword [cont], 1
        mov word [0x190004], 0x10
        mov ss, [0x190004]
        nop
        nop
        xor eax, eax
        mov dr6, rax
        mov eax, 0x400
        mov dr7, rax
        OK
        T "string bp"
        mov dword [cont], 1
        mov eax, 0x190004
        mov dr1, rax
        mov eax, 0x00D00408
        mov dr7, rax
        mov edi, 0x190000
        mov ecx, 10
        xor eax, eax
        rep stosb
        mov rax, rcx
        mov ecx, 0x400
        mov dr7, rcx
        OK
        xor eax, eax
        mov dr6, rax
        T "io bp"
        mov dword [cont], 1
        mov rax, cr4
        or eax, 8
        mov cr4, rax
        mov eax, 0x70
        mov dr2, rax
        mov eax, 0x02000420
        mov dr7, rax
        in al, 0x70
        nop
        in al, 0x71
        mov eax, 0x400
        mov dr7, rax
        OK
        xor eax, eax
        mov dr6, rax
        ; syscall
        T "syscall ud"
        syscall
        OK
        mov ecx, 0xC0000080
        rdmsr
        or eax, 1
        wrmsr
        mov ecx, 0xC0000081
        xor eax, eax
        mov edx, 0x002B0018
        wrmsr
        mov ecx, 0xC0000082
        mov eax, sysc
        xor edx, edx
        wrmsr
        mov ecx, 0xC0000084
        mov eax, 0x200
        wrmsr
        T "syscall r3"
        call to_r3
        syscall
        mov rax, r11
        hlt
        OK
        T "sysret noncanon"
        mov rcx, 0x800000000000
        o64 sysret
        OK
        T "sysret32"
        mov ecx, sr32
        mov r11d, 0x202
        db 0x0f, 0x07
        bits 32
sr32:   mov eax, cs
        hlt
        bits 64
        OK
        T "sysenter gp"
        sysenter
        OK
        mov ecx, 0x174
        mov eax, 0x18
        xor edx, edx
        wrmsr
        mov ecx, 0x175
        mov eax, 0x250000
        wrmsr
        mov ecx, 0x176
        mov eax, sysent
        wrmsr
        T "sysenter r3"
        call to_r3
        sysenter
        OK
        T "sysexit"
        mov edx, se1
        mov ecx, 0x240000
        o64 sysexit
se1:    mov eax, cs
        hlt
        OK
        T "swapgs"
        mov ecx, 0xC0000102
        mov eax, 0x1234
        mov edx, 0x7777
        wrmsr
        swapgs
        mov ecx, 0xC0000101
        rdmsr
        call okmsg
        mov eax, edx
        call okmsg
        swapgs
        OK
        T "msr noncanon"
        mov ecx, 0xC0000101
        mov edx, 0x80000000
        wrmsr
        OK
        T "rdfsbase ud"
        rdfsbase rax
        OK
        T "fsgsbase"
        mov rax, cr4
        bts rax, 16
        mov cr4, rax
        mov rax, 0x123456789a
        wrfsbase rax
        rdfsbase rbx
        mov rax, rbx
        call okmsg
        rdfsbase eax
        call okmsg
        bts rax, 63
        wrgsbase rax
        OK
        T "umip"
        mov rax, cr4
        bts rax, 11
        mov cr4, rax
        call to_r3
        smsw eax
        OK
        T "umip sgdt"
        call to_r3
        sgdt [0x190000]
        OK
        T "smap"
        mov rax, cr4
        bts rax, 21
        ; stack is user page: only with AC
        push 0x40002
        popfq
        mov cr4, rax
        mov rbx, [0x190000]
        btr rax, 21
        mov cr4, rax
        push 2
        popfq
        OK
        T "stac r3"
        call to_r3
        stac
        OK
        T "xgetbv ud"
        xor ecx, ecx
        xgetbv
        OK
        T "xsetbv"
        mov rax, cr4
        bts rax, 18
        mov cr4, rax
        xor ecx, ecx
        xgetbv
        call okmsg
        mov eax, 7
        xor edx, edx
        xsetbv
        xgetbv
        call okmsg
        mov eax, 0xd
        xor ecx, ecx
        cpuid
        mov eax, ebx
        call okmsg
        mov eax, 1
        cpuid
        mov eax, ecx
        call okmsg
        xor ecx, ecx
        mov eax, 5
        xor edx, edx
        xsetbv
        OK
        T "xsetbv x87"
        mov eax, 6
        xsetbv
        OK
        T "invpcid type"
        mov eax, 4
        invpcid rax, [0x190100]
        OK
        T "invpcid pcid"
        mov eax, 1
        mov qword [0x190100], 1
        invpcid rax, [0x190100]
        OK
        T "invpcid ok"
        mov eax, 2
        invpcid rax, [0x190100]
        xor eax, eax
        mov qword [0x190100], 0
        bts qword [0x190108], 63
        invpcid rax, [0x190100]
        OK
        T "rdtscp aux"
        mov ecx, 0xC0000103
        mov eax, 0x42
        xor edx, edx
        wrmsr
        rdtscp
        mov eax, ecx
        call okmsg
        rdpid rax
        OK
        T "tsd"
        mov rax, cr4
        or eax, 4
        mov cr4, rax
        rdtsc
        call to_r3
        rdtsc
        OK
        T "rdpmc bad"
        mov ecx, 100
        rdpmc
        OK
        T "apicbase bad"
        mov ecx, 0x1B
        rdmsr
        call okmsg
        or eax, 0x200
        wrmsr
        OK
        T "x2apic off"
        mov ecx, 0x802
        rdmsr
        OK
        T "pat bad"
        mov ecx, 0x277
        mov eax, 2
        xor edx, edx
        wrmsr
        OK
        T "feature control"
        mov ecx, 0x3A
        mov eax, 5
        xor edx, edx
        wrmsr
        rdmsr
        call okmsg
        wrmsr
        OK
        T "vmx msr write"
        mov ecx, 0x480
        wrmsr
        OK
        T "r3 rdmsr"
        call to_r3
        rdmsr
        OK
        T "getsec"
        getsec
        OK
        T "rsm"
        rsm
        OK
        T "cli iopl"
        call to_r3
        cli
        OK
        T "lmsw"
        mov eax, 0xE
        lmsw ax
        smsw eax
        call okmsg
        clts
        mov rax, cr0
        call okmsg
        mov eax, 1
        lmsw ax
        smsw ax
        OK
        ; double fault: #GP handler gate not present
        mov byte [0x180000+16*13+5], 0x0E
        T "df"
        mov rax, 0x8000000000000000
        mov [rax], eax
        OK
        T "df pf"
        mov rax, 0x4000000000
        mov [rax], eax
        OK
        T "np then ok"
        int 0x42
        OK
        mov byte [0x180000+16*14+5], 0x0E
        T "pf np"
        mov rax, 0x4000000000
        mov [rax], eax
        OK
        mov byte [0x180000+16*6+5], 0x0E
        T "ud np"
        ud2
        OK
        jmp finish
gt:
sysc:   mov rax, rcx
        sub rax, [base]
        call okmsg
        mov rax, r11
        call okmsg
        mov eax, ss
        shl eax, 16
        mov edx, cs
        or eax, edx
        call okmsg
        pushfq
        pop rax
        call okmsg
        o64 sysret
sysent: mov rax, rsp
        call okmsg
        mov eax, ss
        shl eax, 16
        mov edx, cs
        or eax, edx
        call okmsg
        pushfq
        pop rax
        call okmsg
        mov rsp, [resume_rsp]
        jmp [resume]
