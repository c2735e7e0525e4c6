; first-exit: one VM exit, looked at closely: what the processor records, what it saves, what it loads, and what it leaves
; to the VMM.
;
; The guest has flags, a stack and page tables of its own, and a number in RAX. It executes CPUID.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
GUEST_TABLES    equ 220000h             ; a copy of the first page table: the guest's CR3
VMM_TABLES      equ 10000h              ; the VMM's CR3
GUEST_RAX       equ 5                   ; what the guest asks CPUID for; other numbers in other variants
ANSWER          equ 'V'                 ; what the VMM tells it
CONSOLE_PORT    equ 0E9h
PIN_WANTED      equ 0
PRIMARY_WANTED  equ 0
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, page tables for the guest, and its VMCS
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     esi, VMM_TABLES
        mov     edi, GUEST_TABLES
        mov     ecx, 512
        rep     movsq
        mov     ebx, VMCS_A
        lea     rsi, [guest]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        call    vmm_describe
        mov     eax, GUEST_CR3
        mov     edx, GUEST_TABLES
        vmwrite rax, rdx

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        xor     eax, eax                ; the VMM's registers are empty: what we see later is not from here
        xor     ecx, ecx
        xor     edx, edx
        vmlaunch
start_end:
        jmp     vmm_end

guest:
        mov     eax, GUEST_RAX
        push    rax                     ; on the guest's own stack
        sti                             ; the guest takes interrupts
        stc
.leaf:  cpuid
.back:  out     CONSOLE_PORT, al        ; no rule of the VMM says that this exits
        vmcall
guest_end:

exit_handler:
        mov     [saved_rcx], rcx
        mov     [saved_rdx], rdx
        mov     eax, EXIT_REASON        ; and with this, the guest's RAX is lost
        vmread  rcx, rax
        cmp     ecx, EXIT_REASON_CPUID
        jne     finish
        mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
answer:
        mov     rcx, [saved_rcx]
        mov     rdx, [saved_rdx]
        mov     eax, ANSWER             ; CPUID's result, as the guest will see it
again:  vmresume
exit_handler_end:

finish: vmclear [pointer_a]
        vmxoff
        jmp     vmm_end

        align   8
pointer_a:      dq VMCS_A
saved_rcx:      dq 0
saved_rdx:      dq 0

%include "vmm.inc"
