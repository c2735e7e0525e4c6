; TITLE: An application processor waits for a start-up IPI, starts at its vector, ignores further ones, and starts anew after INIT
; SDM: "MP Initialization Protocol Algorithm for MP Systems"; "Local APIC ID"; "Local APIC State After It Receives an INIT Reset"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
%macro WHO 0
        mov ecx, 0x1B
        rdmsr
        and eax, 0xFFFFFFFF
        mov [SCRATCH], rax
        SHOW "IA32_APIC_BASE", [SCRATCH]
        mov eax, 1
        cpuid
        shr ebx, 24
        mov [SCRATCH], rbx
        SHOW "initial APIC ID", [SCRATCH]
        mov eax, APIC_PAGE
        mov eax, [rax+0x20]
        mov [SCRATCH], rax
        SHOW "APIC ID register", [SCRATCH]
        mov eax, APIC_PAGE
        mov eax, [rax+0xF0]
        mov [SCRATCH], rax
        SHOW "spurious vector register", [SCRATCH]
%endmacro
CASE
        TEXT "first"
        WHO
        START_SECOND second
        AWAIT 0
        TEXT "first: again a start-up IPI, which it ignores"
        IPI 1, 0x4609
        TELL 1
        AWAIT 2
        TEXT "first: INIT, then a start-up IPI"
        PREPARE_SECOND again
        IPI 1, 0x4500
        PASS 100
        IPI 1, 0x4608
        AWAIT 3
        TEXT "first: the end"
        DONE
second: TEXT "second"
        WHO
        APIC_ON
        TELL 0
        AWAIT 1
        TEXT "second: goes on"
        TELL 2
        jmp $
again:  TEXT "second, once more"
        WHO
        TELL 3
        cli
        hlt
