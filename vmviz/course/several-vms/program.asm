; several-vms: one logical processor and two virtual machines, one of them with two virtual processors. Slices of time, shares,
; a cap; and a virtual processor that moves to another logical processor.
;
; The guests keep all that they have in memory, so the VMM has no registers to save; one that does not know its guests saves them.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
VMCS_B0         equ 201000h
VMCS_B1         equ 202000h
STACK_A         equ 210000h
STACK_B0        equ 211000h
STACK_B1        equ 212000h
VMM_STACK       equ 213000h
SLICE           equ 3                   ; ticks of the VMX-preemption timer, and for A twice as many: nobody counts on them
SLEEP           equ 8                   ; ticks of the host's timer
SLICES          equ 7                   ; that end by the timer, until the lesson ends
TICK            equ 50h                 ; vectors: the host's timer, and the other processor's attention
WAKE            equ 51h
APIC            equ 0FEE00000h
APIC_EOI        equ 0B0h
APIC_SPURIOUS   equ 0F0h
APIC_COMMAND    equ 300h
APIC_DESTINATION equ 310h
APIC_LVT_TIMER  equ 320h
APIC_COUNT      equ 380h
APIC_DIVIDE     equ 3E0h
CONSOLE_PORT    equ 0E9h
PIN_WANTED      equ PIN_EXTERNAL_INTERRUPT_EXITING | PIN_ACTIVATE_PREEMPTION_TIMER
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; A virtual processor, as this VMM remembers it
VP_VMCS         equ 0                   ; address of its VMCS
VP_KERNEL       equ 8
VP_STACK        equ 16
VP_NEXT         equ 24                  ; who is next
VP_SHARE        equ 32                  ; how long its slices are
VP_LETTER       equ 36                  ; what is printed when it gets the processor
VP_LAUNCHED     equ 37                  ; has it been entered since its last VMCLEAR?
VP_IDLE         equ 38                  ; it has nothing to do

; ================================================================================================================
; Before the lesson starts: both processors in VMX operation, three VMCSs, the second processor asleep
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        lidt    [second_idt_pointer]
        mov     edi, VMM_IDT + TICK*16
        call    gate
        mov     edi, VMM_IDT + WAKE*16
        call    gate
        mov     edi, APIC
        mov     dword [rdi + APIC_SPURIOUS], 1FFh       ; the local APIC is on
        mov     dword [rdi + APIC_DIVIDE], 0Bh
        mov     dword [rdi + APIC_LVT_TIMER], TICK
        call    second_start
        lea     rbx, [vp_b0]
        call    create
        lea     rbx, [vp_b1]
        call    create
        lea     rbx, [vp_a]
        call    create
        jmp     scheduler

gate:   lea     rax, [interrupt]        ; an interrupt gate at RDI
        mov     [rdi], ax
        mov     dword [rdi + 2], VMM_CODE | 8E00h << 16
        shr     rax, 16
        mov     [rdi + 6], rax
        ret

create: push    rbx
        push    qword [rbx + VP_SHARE]
        mov     rsi, [rbx + VP_KERNEL]
        mov     rdx, [rbx + VP_STACK]
        mov     ecx, VMM_STACK
        mov     rbx, [rbx + VP_VMCS]
        call    vmm_describe
        mov     eax, VMX_PREEMPTION_TIMER_VALUE
        pop     rdx
        mov     edx, edx
        vmwrite rax, rdx
        pop     rbx
        ret

; ================================================================================================================
; The lesson starts: who is next?
; ================================================================================================================
scheduler:
        mov     rbx, [current]
        mov     rbx, [rbx + VP_NEXT]
        mov     [current], rbx
        cmp     byte [rbx + VP_IDLE], 0
        jne     unused
        mov     al, [rbx + VP_LETTER]
        out     CONSOLE_PORT, al
        vmptrld [rbx + VP_VMCS]
        bts     word [rbx + VP_LAUNCHED], 0
        jc      again
        vmlaunch                        ; the first time
        jmp     vmm_end
again:  vmresume
        jmp     vmm_end
scheduler_end:

exit_handler:
        mov     eax, EXIT_REASON
why:    vmread  rcx, rax
        cmp     ecx, EXIT_REASON_PREEMPTION_TIMER
        jne     gave_up
        dec     dword [slices]
        jnz     scheduler
        jmp     finish
gave_up:
        mov     rbx, [current]          ; HLT: it has nothing to do
        mov     byte [rbx + VP_IDLE], 1
        mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
        jmp     scheduler
exit_handler_end:

spare:                                  ; a slice that its owner does not want
unused: cmp     byte [cap], 0
        jne     .nobody
        inc     byte [cap]              ; from the next round on there is a cap: to each its part, and no more
        jmp     scheduler               ; this time, whoever comes next has it
.nobody:
        mov     al, '-'
        out     CONSOLE_PORT, al
        mov     eax, APIC
        mov     dword [rax + APIC_COUNT], SLEEP
        sti
        hlt                             ; the processor sleeps for a slice, though others have work
        cli
spare_end:

move:                                   ; B0 has work again: to the processor that has nothing to do
        lea     rbx, [vp_b0]
        vmclear [rbx + VP_VMCS]         ; all of it in memory, not active here, launch state clear
        mov     byte [rbx + VP_LAUNCHED], 0
        mov     [job], rbx
        mov     eax, APIC
        mov     dword [rax + APIC_DESTINATION], 1 << 24
.call:  mov     dword [rax + APIC_COMMAND], 4000h | WAKE
        jmp     scheduler
move_end:

; ---- The second processor --------------------------------------------------------------------------------------
second_main:
        sti
        hlt                             ; nothing to do, until somebody sends an interrupt
        cli
        mov     rbx, [job]
        test    rbx, rbx
        jz      second_main
take:   vmptrld [rbx + VP_VMCS]
        mov     eax, HOST_RIP           ; the way home leads to this processor now
        lea     rdx, [second_exit]
        vmwrite rax, rdx
        mov     eax, HOST_RSP
        mov     edx, SECOND_STACK
        vmwrite rax, rdx
        mov     eax, HOST_GDTR_BASE
        mov     edx, SECOND_GDT
        vmwrite rax, rdx
        mov     eax, HOST_TR_BASE
        mov     edx, SECOND_TSS
        vmwrite rax, rdx
        mov     eax, PIN_BASED_CONTROLS ; it is alone here: no slices
        vmread  rdx, rax
        and     edx, ~PIN_ACTIVATE_PREEMPTION_TIMER
        vmwrite rax, rdx
.go:    vmresume                        ; it has run before, has it not?
        jnz     second_exit
        mov     eax, VM_INSTRUCTION_ERROR
.why:   vmread  rdx, rax
        vmlaunch
second_exit:
        jmp     vmm_end
second_end:

interrupt:                              ; of the VMM, on either processor: it has come, and that is all
        push    rax
        mov     eax, APIC
        mov     dword [rax + APIC_EOI], 0
        pop     rax
        iretq
interrupt_end:

finish:
        cmp     qword [count_b0], 1     ; B0 counts there: it runs
        jbe     finish
        vmclear [vp_a + VP_VMCS]
        vmclear [vp_b1 + VP_VMCS]
.off:   vmxoff                          ; this processor; the other one is none of its business
finish_end:
        jmp     vmm_end

        align   8
vp_a:           dq VMCS_A, kernel_a, STACK_A, vp_b0
                dd 2*SLICE
                db 'A', 0, 0, 0
vp_b0:          dq VMCS_B0, kernel_b0, STACK_B0, vp_b1
                dd SLICE
                db '0', 0, 0, 0
vp_b1:          dq VMCS_B1, kernel_b1, STACK_B1, vp_a
                dd SLICE
                db '1', 0, 0, 0
current:        dq vp_b1                ; the virtual processor that runs or ran last: A is next
job:            dq 0                    ; for the second processor
slices:         dd SLICES
cap:            db 0

; ================================================================================================================
; Virtual machine A, and virtual machine B with two virtual processors on one memory
; ================================================================================================================
        align   16
kernel_a:
        inc     qword [count_a]
        jmp     kernel_a
kernel_a_end:

        align   16
kernel_b0:
        inc     qword [count_b0]
        hlt                             ; nothing more to do, for now
.more:  inc     qword [count_b0]
        jmp     .more
kernel_b0_end:

        align   16
kernel_b1:
        inc     qword [count_b1]
        jmp     kernel_b1
kernel_b1_end:

        align   8
count_a:        dq 0
count_b0:       dq 0
count_b1:       dq 0

%include "vmm.inc"
%include "second.inc"
