; first-guests: a small virtual-machine monitor (VMM) and its first two virtual machines, A and B.
;
; The VMM starts in 64-bit mode at privilege level 0, alone on the machine. It enters VMX operation, describes
; two virtual machines in two VMCSs, and lets them run in turn on the one logical processor there is:
;
;   A   runs CPUID, prints a letter through a port, rests in HLT; later it wakes up and asks to end.
;   B   prints by a hypercall, then starts an application that never gives the processor back.
;
; Left out for a later lesson: memory of its own for each guest (EPT). Here both guests use the VMM's page tables.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

; ---- Memory ----------------------------------------------------------------------------------------------------
VMXON_REGION    equ 200000h             ; three regions that belong to the processor once it knows them
VMCS_A          equ 201000h
VMCS_B          equ 202000h
TSS             equ 203000h
VMM_STACK_A     equ 211000h             ; the VMM keeps one stack for each virtual processor
VMM_STACK_B     equ 212000h
STACK_A         equ 221000h             ; the guests' own stacks
STACK_B         equ 222000h
APP_STACK_B     equ 223000h

; ---- Numbers with a name ---------------------------------------------------------------------------------------
CPUID_VMX       equ 5                   ; CPUID leaf 1, ECX: this processor has VMX
CPUID_GUEST     equ 31                  ; CPUID leaf 1, ECX: you run under a VMM (no processor sets it)
CR4_VMXE        equ 1 << 13
FEATURE_CONTROL equ 3Ah                 ; IA32_FEATURE_CONTROL
FEATURE_LOCKED  equ 1                   ;   nobody can change it before the next reset
FEATURE_VMXON   equ 4                   ;   VMXON is allowed
VMX_BASIC       equ 480h                ; IA32_VMX_BASIC
PLAIN_CONTROLS  equ 481h                ; IA32_VMX_PINBASED_CTLS, then processor-based, VM-exit, VM-entry
TRUE_CONTROLS   equ 48Dh                ; IA32_VMX_TRUE_PINBASED_CTLS, then the same
USER_CODE       equ 08h | 3             ; selectors in the table `gdt`
DATA            equ 10h
CODE            equ 18h
USER_DATA       equ 20h | 3
TASK            equ 28h
CONSOLE_PORT    equ 0E9h
SERVICE_END     equ 0                   ; VMCALL services of this VMM, in EAX
SERVICE_PRINT   equ 1                   ;   the character in ECX
WORK            equ 8                   ; rounds of A before its CPUID; other numbers in other variants
TIME_SLICE      equ 40                  ; ticks of the VMX-preemption timer

; A virtual machine, as this VMM remembers it
VM_VMCS         equ 0                   ; address of its VMCS
VM_RIP          equ 8                   ; where it starts
VM_RSP          equ 16
VM_FRAME        equ 24                  ; its saved registers, at the top of its VMM stack
VM_OTHER        equ 32                  ; who is next
VM_LAUNCHED     equ 40                  ; has it been entered before?

; The guest's registers, as the exit handler pushes them
SAVED_RBX       equ 0
SAVED_RDX       equ 8
SAVED_RCX       equ 16
SAVED_RAX       equ 24
FRAME_SIZE      equ 32

; ================================================================================================================
; Before the lesson starts: what firmware and an earlier part of the VMM have done
; ================================================================================================================
firmware:
        mov     ecx, FEATURE_CONTROL
        rdmsr
        test    al, FEATURE_LOCKED
        jnz     .done
        or      eax, FEATURE_LOCKED | FEATURE_VMXON
        wrmsr
.done:
        lgdt    [gdt_pointer]
        mov     eax, TASK
        ltr     ax

; Ask the processor which control bits must be 1 and which may be 1. Processors since about 2008 answer more
; exactly in a second set of MSRs; bit 55 of IA32_VMX_BASIC says whether they are there.
choose_controls:
        mov     ecx, VMX_BASIC
        rdmsr
        mov     [revision], eax
        mov     ecx, PLAIN_CONTROLS
        bt      edx, 55 - 32
        jnc     .plain
        mov     ecx, TRUE_CONTROLS
.plain:
        lea     rsi, [wanted_controls]
        lea     rdi, [controls]
        mov     ebx, 4
.next:
        rdmsr                           ; EAX: bits that must be 1; EDX: bits that may be 1
        or      eax, [rsi]
        mov     r8d, eax
        and     r8d, edx
        cmp     r8d, eax
        jne     failed                  ; we want something that this processor does not have
        mov     [rdi], eax
        add     rsi, 4
        add     rdi, 4
        inc     ecx
        dec     ebx
        jnz     .next

; ================================================================================================================
; The lesson starts: three conditions, then VMXON
; ================================================================================================================
start:
        mov     eax, 1                  ; 1. does this processor have VMX?
        cpuid
        bt      ecx, CPUID_VMX
        jnc     failed
check_firmware:
        mov     ecx, FEATURE_CONTROL    ; 2. does the firmware allow it?
        rdmsr
        and     eax, FEATURE_LOCKED | FEATURE_VMXON
        cmp     eax, FEATURE_LOCKED | FEATURE_VMXON
        jne     failed
allow_vmx:
        mov     rax, cr4                ; 3. have we switched it on?
        or      eax, CR4_VMXE
        mov     cr4, rax
enter_vmx:
        mov     eax, [revision]         ; the region says for which kind of processor it was made
        mov     edi, VMXON_REGION
        mov     [rdi], eax
        vmxon   [vmxon_pointer]
        jbe     failed                  ; CF or ZF set: VMfail

; ---- Two virtual machines, on paper first ----------------------------------------------------------------------
create_vms:
        lea     rbx, [vm_a]
        call    create_vm
        vmptrst [answer]                ; which VMCS is current now?
        mov     rax, [answer]
        cmp     rax, [vm_a + VM_VMCS]
        jne     failed
        lea     rbx, [vm_b]
        call    create_vm

; ---- and the first of them runs --------------------------------------------------------------------------------
run_vms:
        lea     rbx, [vm_a]
        jmp     enter_vm

; ================================================================================================================
; create_vm: make the VMCS of the virtual machine at RBX
; ================================================================================================================
create_vm:
        mov     rdi, [rbx + VM_VMCS]
        mov     eax, [revision]
        mov     [rdi], eax
        vmclear [rbx + VM_VMCS]         ; launch state: clear
        jbe     failed
        vmptrld [rbx + VM_VMCS]         ; active and current: VMREAD, VMWRITE and VMLAUNCH now mean this one
        jbe     failed

write_guest_state:                      ; what the processor loads at a VM entry and saves at a VM exit
        mov     eax, GUEST_RIP
        vmwrite rax, [rbx + VM_RIP]
        mov     eax, GUEST_RSP
        vmwrite rax, [rbx + VM_RSP]
        mov     edx, 2
        mov     eax, GUEST_RFLAGS
        vmwrite rax, rdx
        mov     rdx, cr0
        mov     eax, GUEST_CR0
        vmwrite rax, rdx
        mov     eax, HOST_CR0
        vmwrite rax, rdx
        mov     rdx, cr3
        mov     eax, GUEST_CR3
        vmwrite rax, rdx
        mov     eax, HOST_CR3
        vmwrite rax, rdx
        mov     rdx, cr4
        mov     eax, GUEST_CR4
        vmwrite rax, rdx
        mov     eax, HOST_CR4
        vmwrite rax, rdx

        mov     edx, CODE               ; code segment: 64-bit, privilege level 0
        mov     eax, GUEST_CS_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_CS_SELECTOR
        vmwrite rax, rdx
        mov     edx, 0A09Bh
        mov     eax, GUEST_CS_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     edx, DATA               ; stack segment
        mov     eax, GUEST_SS_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_SS_SELECTOR
        vmwrite rax, rdx
        mov     edx, 0C093h
        mov     eax, GUEST_SS_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     edx, 0FFFFFFFFh
        mov     eax, GUEST_CS_LIMIT
        vmwrite rax, rdx
        mov     eax, GUEST_SS_LIMIT
        vmwrite rax, rdx
        mov     edx, 10000h             ; "unusable": a 64-bit guest does without these segments
        mov     eax, GUEST_DS_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     eax, GUEST_ES_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     eax, GUEST_FS_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     eax, GUEST_GS_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     eax, GUEST_LDTR_ACCESS_RIGHTS
        vmwrite rax, rdx
        mov     edx, TASK               ; a task-state segment is not optional, for nobody
        mov     eax, GUEST_TR_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_TR_SELECTOR
        vmwrite rax, rdx
        mov     edx, TSS
        mov     eax, GUEST_TR_BASE
        vmwrite rax, rdx
        mov     eax, HOST_TR_BASE
        vmwrite rax, rdx
        mov     edx, 67h
        mov     eax, GUEST_TR_LIMIT
        vmwrite rax, rdx
        mov     edx, 8Bh
        mov     eax, GUEST_TR_ACCESS_RIGHTS
        vmwrite rax, rdx
        lea     rdx, [gdt]
        mov     eax, GUEST_GDTR_BASE
        vmwrite rax, rdx
        mov     eax, HOST_GDTR_BASE
        vmwrite rax, rdx
        mov     edx, gdt_end - gdt - 1
        mov     eax, GUEST_GDTR_LIMIT
        vmwrite rax, rdx
        mov     rdx, -1                 ; no second VMCS hangs on this one
        mov     eax, VMCS_LINK_POINTER
        vmwrite rax, rdx

write_host_state:                       ; what the processor loads at every VM exit: the way home to the VMM
        lea     rdx, [exit_handler]
        mov     eax, HOST_RIP
        vmwrite rax, rdx
        mov     rdx, [rbx + VM_FRAME]
        add     rdx, FRAME_SIZE
        mov     eax, HOST_RSP
        vmwrite rax, rdx

write_controls:                         ; what exits, and how the transitions behave
        mov     eax, PIN_BASED_CONTROLS
        vmwrite rax, [controls]
        mov     eax, PRIMARY_PROCESSOR_BASED_CONTROLS
        vmwrite rax, [controls + 4]
        mov     eax, PRIMARY_VM_EXIT_CONTROLS
        vmwrite rax, [controls + 8]
        mov     eax, VM_ENTRY_CONTROLS
        vmwrite rax, [controls + 12]

write_zeros:                            ; VMCLEAR promises nothing about old contents: write the zeros, too
        xor     edx, edx
        mov     eax, GUEST_CS_BASE
        vmwrite rax, rdx
        mov     eax, GUEST_SS_BASE
        vmwrite rax, rdx
        mov     eax, GUEST_FS_BASE
        vmwrite rax, rdx
        mov     eax, GUEST_GS_BASE
        vmwrite rax, rdx
        mov     eax, GUEST_IDTR_BASE
        vmwrite rax, rdx
        mov     eax, GUEST_IDTR_LIMIT
        vmwrite rax, rdx
        mov     eax, GUEST_IA32_SYSENTER_CS
        vmwrite rax, rdx
        mov     eax, GUEST_IA32_SYSENTER_ESP
        vmwrite rax, rdx
        mov     eax, GUEST_IA32_SYSENTER_EIP
        vmwrite rax, rdx
        mov     eax, GUEST_ACTIVITY_STATE
        vmwrite rax, rdx
        mov     eax, GUEST_INTERRUPTIBILITY_STATE
        vmwrite rax, rdx
        mov     eax, GUEST_PENDING_DEBUG_EXCEPTIONS
        vmwrite rax, rdx
        mov     eax, HOST_DS_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_ES_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_FS_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_GS_SELECTOR
        vmwrite rax, rdx
        mov     eax, HOST_FS_BASE
        vmwrite rax, rdx
        mov     eax, HOST_GS_BASE
        vmwrite rax, rdx
        mov     eax, HOST_IDTR_BASE
        vmwrite rax, rdx
        mov     eax, HOST_IA32_SYSENTER_CS
        vmwrite rax, rdx
        mov     eax, HOST_IA32_SYSENTER_ESP
        vmwrite rax, rdx
        mov     eax, HOST_IA32_SYSENTER_EIP
        vmwrite rax, rdx
        mov     eax, EXCEPTION_BITMAP
        vmwrite rax, rdx
        mov     eax, PAGE_FAULT_ERROR_CODE_MASK
        vmwrite rax, rdx
        mov     eax, PAGE_FAULT_ERROR_CODE_MATCH
        vmwrite rax, rdx
        mov     eax, CR0_GUEST_HOST_MASK
        vmwrite rax, rdx
        mov     eax, CR4_GUEST_HOST_MASK
        vmwrite rax, rdx
        mov     eax, CR3_TARGET_COUNT
        vmwrite rax, rdx
        mov     eax, EXIT_MSR_STORE_COUNT
        vmwrite rax, rdx
        mov     eax, EXIT_MSR_LOAD_COUNT
        vmwrite rax, rdx
        mov     eax, ENTRY_MSR_LOAD_COUNT
        vmwrite rax, rdx
        mov     eax, ENTRY_INTERRUPTION_INFO
        vmwrite rax, rdx
        jbe     failed                  ; without a current VMCS every VMWRITE fails, so the last one tells of all
create_vm_end:
        ret

; ================================================================================================================
; The exit handler: every VM exit of every guest arrives at its first instruction
; ================================================================================================================
exit_handler:
        push    rax                     ; the processor saved RIP, RSP and RFLAGS of the guest in the VMCS;
        push    rcx                     ; RAX and its sisters still hold the guest's values: save what we use
        push    rdx
        push    rbx
why:
        mov     eax, EXIT_REASON
        vmread  rcx, rax
        cmp     ecx, EXIT_REASON_CPUID
        je      exit_cpuid
        cmp     ecx, EXIT_REASON_IO_INSTRUCTION
        je      exit_io
        cmp     ecx, EXIT_REASON_HLT
        je      exit_hlt
        cmp     ecx, EXIT_REASON_VMCALL
        je      exit_vmcall
        cmp     ecx, EXIT_REASON_PREEMPTION_TIMER
        je      schedule                ; no instruction caused this exit: nothing to emulate, nothing to skip
        jmp     failed

skip_instruction:                       ; the guest's RIP still points at the instruction that we did for it
        mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
        ret

next_instruction:
        call    skip_instruction
same_vm:
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
again:
        vmresume                        ; INTO the guest
        jmp     failed                  ; only a failed VM entry gets here
exit_handler_end:

; ---- Emulation: do for the guest what the processor refused to do ----------------------------------------------
emulation:
exit_cpuid:
        mov     eax, [rsp + SAVED_RAX]
        mov     ecx, [rsp + SAVED_RCX]
        cpuid                           ; in root operation: this one does not exit
        cmp     dword [rsp + SAVED_RAX], 1
        jne     .answer
        btr     ecx, CPUID_VMX          ; the guest is to see a processor without VMX,
        bts     ecx, CPUID_GUEST        ; and may know that it is a guest
.answer:
        mov     [rsp + SAVED_RAX], rax
        mov     [rsp + SAVED_RBX], rbx
        mov     [rsp + SAVED_RCX], rcx
        mov     [rsp + SAVED_RDX], rdx
        jmp     next_instruction

exit_io:
        mov     eax, EXIT_QUALIFICATION
        vmread  rcx, rax
        test    cl, 0Fh                 ; one byte (bits 2:0), out (bit 3)?
        jnz     failed
        shr     ecx, 16                 ; the port
        cmp     ecx, CONSOLE_PORT
        jne     failed
        mov     al, [rsp + SAVED_RAX]
        out     CONSOLE_PORT, al        ; the real port, by the VMM, for the guest
        jmp     next_instruction

exit_vmcall:
        cmp     dword [rsp + SAVED_RAX], SERVICE_PRINT
        jne     stop_vms
        mov     al, [rsp + SAVED_RCX]
        out     CONSOLE_PORT, al
        mov     eax, VMX_PREEMPTION_TIMER_VALUE
        mov     edx, TIME_SLICE         ; the other one is waiting: from now on this one has a time slice
        vmwrite rax, rdx
        mov     eax, PIN_BASED_CONTROLS
        vmread  rdx, rax
        or      edx, PIN_ACTIVATE_PREEMPTION_TIMER
        vmwrite rax, rdx
        jmp     next_instruction
emulation_end:

; ---- Scheduler: whose turn is it? ------------------------------------------------------------------------------
scheduler:
exit_hlt:
        call    skip_instruction        ; it has nothing to do; when it comes back, it goes on after its HLT
schedule:
        mov     rbx, [current]
        mov     rbx, [rbx + VM_OTHER]
enter_vm:
        mov     [current], rbx
        vmptrld [rbx + VM_VMCS]
        jbe     failed
        mov     rsp, [rbx + VM_FRAME]
        cmp     byte [rbx + VM_LAUNCHED], 0
        mov     byte [rbx + VM_LAUNCHED], 1
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
        jne     again                   ; entered before: VMRESUME
        vmlaunch                        ; the first time
        jmp     failed                  ; only a failed VM entry gets here

; ---- The end: give both VMCSs back to memory, leave VMX operation ----------------------------------------------
stop_vms:
        mov     rbx, [current]
        vmclear [rbx + VM_VMCS]
        jbe     failed
        mov     rbx, [rbx + VM_OTHER]
        vmclear [rbx + VM_VMCS]
        jbe     failed
        vmxoff
        jbe     failed
        mov     rax, cr4
        btr     rax, 13                 ; CR4.VMXE
        mov     cr4, rax
done:
        jmp     shutdown
scheduler_end:

failed:
        mov     al, '?'
        out     CONSOLE_PORT, al
shutdown:
        lea     rsi, [goodbye]
        mov     edx, 8900h
        mov     ecx, 8
.next:
        lodsb
        out     dx, al
        loop    .next
        hlt

; ---- Data of the VMM -------------------------------------------------------------------------------------------
        align   8
wanted_controls:
        dd      0                                                       ; pin-based
        dd      PRIMARY_HLT_EXITING | PRIMARY_UNCONDITIONAL_IO_EXITING  ; processor-based
        dd      EXIT_HOST_ADDRESS_SPACE_SIZE                            ; VM exit: the VMM runs in 64-bit mode
        dd      ENTRY_IA32E_MODE_GUEST                                  ; VM entry: and so do its guests
controls:
        dd      0, 0, 0, 0              ; the same, as this processor wants them
        dd      0                       ; (VMWRITE reads 8 bytes)
revision:
        dd      0
        align   8
vmxon_pointer:
        dq      VMXON_REGION
answer:
        dq      0
current:
        dq      0                       ; the virtual machine that runs or ran last
vm_a:
        dq      VMCS_A, kernel_a, STACK_A, VMM_STACK_A - FRAME_SIZE, vm_b, 0
vm_b:
        dq      VMCS_B, kernel_b, STACK_B, VMM_STACK_B - FRAME_SIZE, vm_a, 0
gdt:
        dq      0
        dq      00AFFB000000FFFFh       ; 08 code, 64-bit, privilege level 3
        dq      00CF93000000FFFFh       ; 10 data
        dq      00AF9B000000FFFFh       ; 18 code, 64-bit
        dq      00CFF3000000FFFFh       ; 20 data, privilege level 3
        dw      67h, TSS & 0FFFFh       ; 28 task-state segment
        db      TSS >> 16, 89h, 0, 0
        dq      0
gdt_end:
gdt_pointer:
        dw      gdt_end - gdt - 1
        dq      gdt
goodbye:
        db      "Shutdown"

; ================================================================================================================
; Virtual machine A
; ================================================================================================================
        align   4096
kernel_a:
        mov     ecx, WORK
.work:
        add     rbx, rcx                ; ordinary work: the processor itself does it, and nobody watches
        loop    .work
        mov     eax, 1
        cpuid                           ; always a VM exit
        bt      ecx, CPUID_GUEST        ; the VMM answered: "you are a guest"
        jnc     never_a
        mov     al, 'A'
        out     CONSOLE_PORT, al        ; a VM exit, because the VMM asked for it
        hlt                             ; and so is this
awake:
        mov     eax, SERVICE_END
        vmcall                          ; "please end me"
never_a:
        jmp     never_a                 ; never reached: nobody enters A again
kernel_a_end:

; ================================================================================================================
; Virtual machine B
; ================================================================================================================
        align   4096
kernel_b:
        mov     eax, SERVICE_PRINT
        mov     ecx, 'B'
        vmcall                          ; a hypercall: always a VM exit
        push    USER_DATA               ; start the application at privilege level 3, the usual way
        push    APP_STACK_B
        push    2                       ; RFLAGS: interrupts off
        push    USER_CODE
        lea     rax, [app_b]
        push    rax
        iretq                           ; no VM exit: this is the guest's own business
kernel_b_end:
app_b:
        inc     rbx
        jmp     app_b                   ; for ever
app_b_end:
