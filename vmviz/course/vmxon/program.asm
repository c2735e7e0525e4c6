; vmxon: what must be true before VMX operation can be entered, one condition after the other broken and mended.
;
; A system that wants to become a VMM executes VMXON again and again. Each time something is missing, and each time
; the processor says so in its own way: an undefined opcode, a general-protection fault, a VMfail.

        bits    64
        default rel
        org     100000h

; ---- Memory ----------------------------------------------------------------------------------------------------
IDT             equ 1F0000h             ; the interrupt descriptor table: 16 bytes for each vector
VMXON_REGION    equ 200000h
STACK           equ 210000h

; ---- Numbers with a name ---------------------------------------------------------------------------------------
CPUID_VMX       equ 5                   ; CPUID leaf 1, ECX: this processor has VMX
CR0_NE          equ 1 << 5
CR4_VMXE        equ 1 << 13
FEATURE_CONTROL equ 3Ah                 ; IA32_FEATURE_CONTROL
FEATURE_LOCKED  equ 1                   ;   nobody can change it before the next reset
FEATURE_VMXON   equ 4                   ;   VMXON is allowed
VMX_BASIC       equ 480h                ; IA32_VMX_BASIC: the revision of this processor's VMX structures
CR0_FIXED0      equ 486h                ; IA32_VMX_CR0_FIXED0: bits of CR0 that must be 1
CODE            equ 18h
INTERRUPT_GATE  equ 8E00h
UNDEFINED       equ 6                   ; #UD
PROTECTION      equ 13                  ; #GP
CONSOLE_PORT    equ 0E9h
WRONG           equ 1                   ; added to the revision, it makes another one; others in other variants
ODD             equ 8                   ; added to the address of the region: no page begins there

; ================================================================================================================
; Before the lesson starts: a stack, and a place to go for the two exceptions
; ================================================================================================================
        mov     rsp, STACK
        lea     rax, [undefined_opcode]
        mov     edi, IDT + 16 * UNDEFINED
        call    set_gate
        lea     rax, [general_protection]
        mov     edi, IDT + 16 * PROTECTION
        call    set_gate
        lidt    [idt_pointer]
        mov     ecx, VMX_BASIC
        rdmsr
        and     eax, 7FFFFFFFh
        mov     [revision], eax
        jmp     start

set_gate:                               ; RDI: the gate; RAX: where it leads
        mov     [rdi], ax
        mov     word [rdi + 2], CODE
        mov     word [rdi + 4], INTERRUPT_GATE
        shr     rax, 16
        mov     [rdi + 6], ax
        ret

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        mov     eax, 1                  ; does this processor have VMX?
        cpuid
        bt      ecx, CPUID_VMX
        jnc     the_end

first:                                  ; CR4.VMXE is 0
        lea     r15, [second]           ; where to go on after an exception
        vmxon   [region]
        call    say_failed

second:                                 ; the system switches VMX on ...
        mov     rax, cr4
        or      eax, CR4_VMXE
        mov     cr4, rax
        lea     r15, [third]            ; ... but the firmware has not allowed it
.try:   vmxon   [region]
        call    say_failed

third:                                  ; what firmware does once, early
        mov     ecx, FEATURE_CONTROL
        mov     eax, FEATURE_LOCKED | FEATURE_VMXON
        xor     edx, edx
        wrmsr
.fixed: mov     ecx, CR0_FIXED0         ; which bits of CR0 must be 1?
        rdmsr
        mov     rbx, cr0
        and     ebx, ~CR0_NE            ; and if one of them is 0?
        mov     cr0, rbx
        lea     r15, [fourth]
.try:   vmxon   [region]
        call    say_failed

fourth:                                 ; all right again; but what is in the region?
        mov     rbx, cr0
        or      ebx, CR0_NE
        mov     cr0, rbx
        mov     edi, VMXON_REGION
        mov     eax, [revision]
        add     eax, WRONG
        mov     [rdi], eax
        lea     r15, [the_end]
.try:   vmxon   [region]
        call    say_failed              ; no exception: the next instruction runs, and the flags tell

fifth:
        mov     eax, [revision]
        mov     [rdi], eax
.odd:   vmxon   [odd_region]            ; a region begins where a page begins
        call    say_failed
.try:   vmxon   [region]
        jc      the_end
entered:
        mov     al, 'S'
        out     CONSOLE_PORT, al
.again: vmxon   [region]                ; and once more, from inside?
        call    say_failed
        lea     r15, [out_again]
.hold:  mov     rax, cr4                ; in VMX operation CR4.VMXE cannot be taken back
        and     eax, ~CR4_VMXE
        mov     cr4, rax

out_again:
        vmxoff
        mov     rax, cr4                ; outside it can
        and     eax, ~CR4_VMXE
        mov     cr4, rax
steps_end:

the_end:
        lea     rsi, [goodbye]          ; a run ends when "Shutdown" has been written to port 8900h
        mov     edx, 8900h
        mov     ecx, 8
.next:  lodsb
        out     dx, al
        loop    .next
        hlt

; ---- What happens when VMXON does not work ---------------------------------------------------------------------
say_failed:                             ; CF = 1: VMfailInvalid
        jnc     .not
        mov     al, 'F'
        out     CONSOLE_PORT, al
.not:   ret
say_failed_end:

undefined_opcode:                       ; #UD: no error code; RIP is the first thing on the stack
        mov     al, 'U'
        out     CONSOLE_PORT, al
        mov     [rsp], r15
        iretq
undefined_opcode_end:

general_protection:                     ; #GP: an error code lies above RIP
        mov     al, 'G'
        out     CONSOLE_PORT, al
        add     rsp, 8
        mov     [rsp], r15
        iretq
general_protection_end:

; ---- Data ------------------------------------------------------------------------------------------------------
        align   8
region:         dq VMXON_REGION
odd_region:     dq VMXON_REGION + ODD
idt_pointer:    dw 16 * 32 - 1
                dq IDT
        align   8
revision:       dd 0
goodbye:        db "Shutdown"
