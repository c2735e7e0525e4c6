; crash: two virtual machines with memory of their own. A's kernel goes astray, and everything that it destroys is its own.
;
; Each kernel counts in its memory, at the same address, and tells the VMM when a piece of work is done. Then A writes through a
; wrong pointer three times: over its own count, to where B's count really is, and over its own page tables.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
VMCS_B          equ 201000h
EPT_A           equ 202000h             ; three tables each: the first 2 MiB of the guest, and nothing else
EPT_B           equ 205000h
VMM_STACK_A     equ 211000h             ; the VMM keeps one stack for each virtual processor
VMM_STACK_B     equ 212000h
MEMORY_A        equ 400000h             ; the machine's memory that A has: 2 MiB
MEMORY_B        equ 600000h             ; and B
COUNT           equ 8000h               ; guest-physical, like the rest: where a kernel has its count
STACK           equ 7000h
TABLES          equ 10000h              ; the page tables: six pages
TABLES_SIZE     equ 6000h
PAGE            equ 1000h
GARBAGE         equ 0BADC0DEh << 1      ; what A writes astray; other numbers in other variants
FIRST           equ 0                   ; B counts on from here
TURNS           equ 5                   ; pieces of work until the lesson ends
STORE           equ 078948h             ; the three bytes of MOV [RDI], RAX
STORE_SIZE      equ 3
CONSOLE_PORT    equ 0E9h
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING | PRIMARY_UNCONDITIONAL_IO_EXITING | PRIMARY_ACTIVATE_SECONDARY_CONTROLS
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; A virtual machine, as this VMM remembers it
VM_VMCS         equ 0                   ; address of its VMCS
VM_MEMORY       equ 8                   ; address of its memory
VM_KERNEL       equ 16                  ; its kernel's page: where it starts
VM_FRAME        equ 24                  ; its saved registers, at the top of its VMM stack
VM_OTHER        equ 32                  ; who is next
VM_LAUNCHED     equ 40                  ; has it been entered before?
VM_CRASHED      equ 48
VM_EPT          equ 56
SAVED_RAX       equ 24                  ; the guest's RAX, as the exit handler pushes it
FRAME_SIZE      equ 32

; ================================================================================================================
; Before the lesson starts: VMX operation, and two virtual machines with memory of their own
; ================================================================================================================
        mov     rsp, VMM_STACK_A
        call    vmm_enter
        lea     rbx, [vm_b]
        call    create
        mov     eax, [vm_b + VM_MEMORY]
        mov     byte [rax + COUNT], FIRST
        lea     rbx, [vm_a]
        call    create
        jmp     start

create: call    load
        push    rbx
        mov     rsi, [rbx + VM_KERNEL]
        mov     edx, STACK
        mov     rcx, [rbx + VM_FRAME]
        add     rcx, FRAME_SIZE
        mov     rbx, [rbx + VM_VMCS]
        call    vmm_describe
        pop     rbx
        mov     eax, SECONDARY_PROCESSOR_BASED_CONTROLS
        mov     edx, SECONDARY_ENABLE_EPT
        vmwrite rax, rdx
        mov     rdx, [rbx + VM_EPT]
        lea     rcx, [rdx + PAGE + 7]   ; each table has one entry: read, write, execute
        mov     [rdx], rcx
        add     rcx, PAGE
        mov     [rdx + PAGE], rcx
        mov     rcx, [rbx + VM_MEMORY]
        or      rcx, 0B7h               ; a page of 2 MiB, memory type write-back
        mov     [rdx + 2*PAGE], rcx
        or      rdx, 1Eh                ; four levels, write-back
        mov     eax, EPT_POINTER
        vmwrite rax, rdx
        ret

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        lea     rbx, [vm_a]
run:
        mov     [current], rbx
        vmptrld [rbx + VM_VMCS]
        mov     rsp, [rbx + VM_FRAME]
        cmp     byte [rbx + VM_LAUNCHED], 0
        mov     byte [rbx + VM_LAUNCHED], 1
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
        jne     again                   ; entered before: VMRESUME
        vmlaunch                        ; the first time
        jmp     vmm_end                 ; only a failed VM entry gets here
start_end:

exit_handler:
        push    rax
        push    rcx
        push    rdx
        push    rbx
        mov     rbx, [current]
        mov     eax, EXIT_REASON
why:    vmread  rcx, rax
        cmp     ecx, EXIT_REASON_VMCALL
        je      work_done
        cmp     ecx, EXIT_REASON_EPT_VIOLATION
        je      nothing_there
        cmp     ecx, EXIT_REASON_TRIPLE_FAULT
        je      crashed
        jmp     vmm_end
exit_handler_end:

answers:
work_done:
        mov     al, [rsp + SAVED_RAX]
        out     CONSOLE_PORT, al
        mov     ecx, 3                  ; over the VMCALL
        call    skip
        dec     dword [turns]
        jnz     next
        jmp     finish

nothing_there:
        mov     eax, GUEST_PHYSICAL_ADDRESS
.where: vmread  rdx, rax                ; not in this machine's memory: nobody takes the write
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, [rbx + VM_MEMORY]
        mov     eax, [rdx]              ; this exit does not tell a length: the VMM looks at the instruction itself
        and     eax, 0FFFFFFh
        cmp     eax, STORE
        jne     vmm_end
        mov     ecx, STORE_SIZE
        call    skip
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
again:  vmresume
        jmp     vmm_end

skip:                                   ; ECX bytes of the guest's code
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
        ret

crashed:
        mov     byte [rbx + VM_CRASHED], 1
next:
        mov     rbx, [rbx + VM_OTHER]
        cmp     byte [rbx + VM_CRASHED], 0
        je      run
answers_end:

restart:                                ; the power switch of a virtual machine
        mov     byte [rbx + VM_CRASHED], 0
        call    load
.state: vmptrld [rbx + VM_VMCS]
        mov     eax, GUEST_RIP
        vmwrite rax, [rbx + VM_KERNEL]
        mov     edx, STACK
        mov     eax, GUEST_RSP
        vmwrite rax, rdx
        mov     edx, 2
        mov     eax, GUEST_RFLAGS
        vmwrite rax, rdx
        xor     edx, edx
        mov     eax, GUEST_ACTIVITY_STATE
        vmwrite rax, rdx
        jmp     run

load:                                   ; memory as at the start: page tables, kernel, a count of 0
        mov     esi, TABLES             ; the VMM's own are a good beginning: every address is itself
        mov     rdi, [rbx + VM_MEMORY]
        add     rdi, TABLES
        mov     ecx, TABLES_SIZE / 8
        rep     movsq
        mov     rsi, [rbx + VM_KERNEL]
        mov     rdi, [rbx + VM_MEMORY]
        add     rdi, rsi
        mov     ecx, PAGE / 8
        rep     movsq
        mov     rdi, [rbx + VM_MEMORY]
        mov     qword [rdi + COUNT], 0
        ret
restart_end:

finish: vmclear [vm_a + VM_VMCS]
        vmclear [vm_b + VM_VMCS]
        vmxoff
        jmp     vmm_end

        align   8
current:        dq 0                    ; the virtual machine that runs or ran last
vm_a:           dq VMCS_A, MEMORY_A, kernel_a, VMM_STACK_A - FRAME_SIZE, vm_b, 0, 0, EPT_A
vm_b:           dq VMCS_B, MEMORY_B, kernel_b, VMM_STACK_B - FRAME_SIZE, vm_a, 0, 0, EPT_B
turns:          dd TURNS

; ================================================================================================================
; Virtual machine A: a page of code, copied into its memory. VMCALL may change any register, as a call may.
; ================================================================================================================
        align   4096
kernel_a:
        mov     edi, COUNT
        inc     qword [rdi]             ; a piece of work
        mov     eax, 'A'
        vmcall                          ; done: let another one have the processor
bug:
        mov     eax, GARBAGE
        mov     edi, COUNT              ; a wrong pointer, three times. Its own count; B's has the same address
.own:   mov     [rdi], rax
        mov     edi, MEMORY_B + COUNT   ; where B's count is in the machine
.far:   mov     [rdi], rax
        mov     edi, TABLES             ; its own page tables
.tables:
        mov     [rdi], rax
        mov     rdx, cr3                ; the next switch of tasks
.switch:
        mov     cr3, rdx
.never: jmp     .never
kernel_a_end:

; ================================================================================================================
; Virtual machine B
; ================================================================================================================
        align   4096
kernel_b:
        mov     edi, COUNT
        inc     qword [rdi]             ; a piece of work
        mov     rax, [rdi]
        add     eax, '0'
        vmcall                          ; says how many there have been
        jmp     kernel_b
kernel_b_end:
        align   4096

%include "vmm.inc"
