; TITLE: Who gets an interprocessor interrupt: physical and logical destinations, shorthands
; SDM: "Issuing Interprocessor Interrupts"; "Determining IPI Destination"
; PROCESSORS: 2
%include "vmxlab.inc"
%include "second.inc"
%macro SENT 3                           ; SENT "label", destination, command: then the IRR of vectors 64 to 95 of both
        IPI %2, %3
        TEXT %1
        mov ebx, APIC_PAGE
        mov eax, [rbx+0x220]
        mov [SCRATCH], rax
        SHOW "  first", [SCRATCH]
        mov byte [FLAGS + 1], 0
        TELL 0
        AWAIT 1
        mov rax, [SCRATCH+8]
        mov [SCRATCH], rax
        SHOW "  second", [SCRATCH]
%endmacro
CASE
        START_SECOND second
        mov ebx, APIC_PAGE
        mov dword [rbx+0xD0], 0x01000000
        AWAIT 1
        SENT "physical, the other", 1, 0x4040
        SENT "physical, itself", 0, 0x4041
        SENT "physical, nobody", 7, 0x4042
        SENT "physical, everybody", 0xFF, 0x4043
        SENT "logical flat, the other", 2, 0x4844
        SENT "logical flat, both", 3, 0x4845
        SENT "logical flat, nobody", 4, 0x4846
        SENT "self", 1, 0x44047
        SENT "all", 0, 0x84048
        SENT "all but self", 0, 0xC4049
        SENT "all but self, once more", 0, 0xC404A
        DONE
second: APIC_ON
        mov dword [rbx+0xD0], 0x02000000
        TELL 1
.next:  AWAIT 0
        mov byte [FLAGS + 0], 0
        mov ebx, APIC_PAGE
        mov eax, [rbx+0x220]
        mov [SCRATCH+8], rax
        TELL 1
        jmp .next
