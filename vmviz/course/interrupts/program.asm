; interrupts: whose interrupt is it? The host's timer rings while guest A takes no interrupts; A's own clock is made of injected
; events, which wait for an interrupt window; HLT, once more the timer, and the VMX-preemption timer.
;
; The VMM has set up the timer of the local APIC. Starting it is left to A, so that it cannot ring before A has executed CLI;
; a real VMM starts it itself and keeps the local APIC away from its guests.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
GUEST_IDT       equ 212000h
TIMER           equ 51h                 ; the vector of the host's timer; other numbers in other variants
CLOCK           equ 31h                 ; the vector that A knows its clock by
TICKS           equ 10                  ; any number does: nobody counts on it
APIC            equ 0FEE00000h
APIC_EOI        equ 0B0h
APIC_SPURIOUS   equ 0F0h
APIC_REQUESTED  equ 200h                ; the interrupt-request register: 32 vectors each 16 bytes
APIC_LVT_TIMER  equ 320h
APIC_COUNT      equ 380h                ; writing it starts the timer
APIC_DIVIDE     equ 3E0h
RFLAGS_IF       equ 1 << 9
EVENT           equ 1 << 31             ; the field holds an event, an external interrupt
SLICE           equ 20                  ; of the VMX-preemption timer
PIN_WANTED      equ PIN_EXTERNAL_INTERRUPT_EXITING
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, a VMCS for A, interrupt tables for both, the timer of the local APIC
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     ebx, VMCS_A
        lea     rsi, [guest]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        call    vmm_describe
        mov     eax, GUEST_RFLAGS
        mov     edx, RFLAGS_IF | 2
        vmwrite rax, rdx
        mov     eax, GUEST_IDTR_BASE
        mov     edx, GUEST_IDT
        vmwrite rax, rdx
        mov     eax, GUEST_IDTR_LIMIT
        mov     edx, 0FFFh
        vmwrite rax, rdx
        lidt    [idt_pointer]
        mov     edi, VMM_IDT + TIMER*16
        lea     rax, [host_tick]
        call    gate
        mov     edi, GUEST_IDT + CLOCK*16
        lea     rax, [guest_tick]
        call    gate
        mov     edi, GUEST_IDT + TIMER*16
        lea     rax, [guest_wrong]
        call    gate
        mov     edi, APIC
        mov     dword [rdi + APIC_SPURIOUS], 1FFh       ; the local APIC is on
        mov     dword [rdi + APIC_DIVIDE], 0Bh
        mov     dword [rdi + APIC_LVT_TIMER], TIMER     ; once, not again and again
        jmp     start

gate:   mov     [rdi], ax               ; an interrupt gate at RDI that leads to RAX
        mov     dword [rdi + 2], VMM_CODE | 8E00h << 16
        shr     rax, 16
        mov     [rdi + 6], rax
        ret

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:  vmlaunch
        jmp     vmm_end
start_end:

exit_handler:
        push    rax                     ; an interrupt may come anywhere: A's registers must be as they were
        push    rcx
        push    rdx
        mov     eax, EXIT_REASON
why:    vmread  rcx, rax
        test    ecx, ecx
        js      refused                 ; bit 31: an entry that failed
        cmp     ecx, EXIT_REASON_EXTERNAL_INTERRUPT
        je      interrupted
        cmp     ecx, EXIT_REASON_INTERRUPT_WINDOW
        je      open
        cmp     ecx, EXIT_REASON_HLT
        je      idle
        jmp     finish                  ; the VMX-preemption timer
exit_handler_end:

decide:
interrupted:
        mov     eax, EXIT_INTERRUPTION_INFO
.info:  vmread  rdx, rax
        test    edx, edx
        js      acknowledged            ; bit 31: the exit has taken it from the local APIC
.take:  sti                             ; it waits there still: take it as any interrupt
        nop
        cli
inject:
        mov     eax, ENTRY_INTERRUPTION_INFO
        mov     edx, EVENT | CLOCK      ; A is to believe that its clock has ticked
        vmwrite rax, rdx
resume: pop     rdx
        pop     rcx
        pop     rax
again:  vmresume
        jmp     vmm_end

refused:
        mov     eax, ENTRY_INTERRUPTION_INFO
        xor     edx, edx
        vmwrite rax, rdx
        mov     edx, PRIMARY_INTERRUPT_WINDOW_EXITING
        jmp     window
open:   xor     edx, edx
window: mov     eax, PRIMARY_PROCESSOR_BASED_CONTROLS
        vmread  rcx, rax
        and     ecx, ~PRIMARY_INTERRUPT_WINDOW_EXITING
        or      ecx, edx
        vmwrite rax, rcx
        test    edx, edx
        jz      inject
        jmp     resume

idle:   mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
        mov     eax, PRIMARY_VM_EXIT_CONTROLS           ; from now on exits are to acknowledge
        vmread  rdx, rax
        or      edx, EXIT_ACKNOWLEDGE_INTERRUPT
        vmwrite rax, rdx
        mov     eax, APIC
        mov     dword [rax + APIC_COUNT], TICKS
.sleep: sti                             ; STI lets no interrupt in before the next instruction: it cannot come too early
        hlt
        cli
        jmp     inject

acknowledged:
        mov     eax, APIC
        mov     dword [rax + APIC_EOI], 0
        inc     dword [time]
        mov     eax, PIN_BASED_CONTROLS                 ; for the rest, time from another clock
        vmread  rdx, rax
        or      edx, PIN_ACTIVATE_PREEMPTION_TIMER
        vmwrite rax, rdx
        mov     eax, VMX_PREEMPTION_TIMER_VALUE
        mov     edx, SLICE
        vmwrite rax, rdx
        jmp     resume
decide_end:

host_tick:                              ; the VMM's own interrupt handler
        push    rax
        inc     dword [time]
        mov     eax, APIC
        mov     dword [rax + APIC_EOI], 0
        pop     rax
        iretq
host_tick_end:

finish: vmclear [pointer_a]
        vmxoff
        jmp     vmm_end

        align   8
pointer_a:      dq VMCS_A
time:           dd 0                    ; ticks of the host's timer; A may look at it
idt_pointer:    dw 0FFFh
                dq VMM_IDT

; ================================================================================================================
; Virtual machine A
; ================================================================================================================
        align   16
guest:  cli                             ; in a critical section: nobody may interrupt
        mov     edi, APIC
        mov     dword [rdi + APIC_COUNT], TICKS
.alone: cmp     dword [time], 0         ; A waits, and lets nothing in
        je      .alone
.opens: sti
.shadow:
        nop
.open:  nop
.rest:  hlt                             ; nothing to do until the next tick
.awake: mov     edi, APIC
        mov     dword [rdi + APIC_COUNT], TICKS
.busy:  cmp     dword [time], 3         ; this time with interrupts allowed
        jne     .busy
.ever:  jmp     .ever
guest_end:

guest_tick:
        inc     dword [ticks]
        iretq
guest_tick_end:
guest_wrong:
        jmp     guest_wrong             ; never reached: the host's vector is none of A's business

        align   8
ticks:          dd 0                    ; what A's clock has counted

%include "vmm.inc"
