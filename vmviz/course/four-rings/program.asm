; four-rings: root and non-root operation, and the rings in each of them.
;
; A host kernel and a host application, a guest kernel and a guest application: each of the four gets the processor once
; at least, and none of them is in "ring -1".

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
EFER            equ 0C0000080h
STAR            equ 0C0000081h          ; segments for SYSCALL and SYSRET
LSTAR           equ 0C0000082h          ; where SYSCALL leads
FMASK           equ 0C0000084h
RFLAGS_FIXED    equ 2
RUN_A_GUEST     equ 1                   ; what the host application asks of the host kernel
GUEST_ASKS      equ 7                   ; what the guest application asks of the guest kernel: a digit; others in other variants
CONSOLE_PORT    equ 0E9h
PIN_WANTED      equ 0
PRIMARY_WANTED  equ 0
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, a guest, and SYSCALL made ready
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     ebx, VMCS_A
        lea     rsi, [guest_kernel]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        call    vmm_describe
        mov     ecx, EFER
        rdmsr
        or      eax, 1                  ; SYSCALL is allowed
        wrmsr
        mov     ecx, STAR
        xor     eax, eax
        mov     edx, VMM_STAR
        wrmsr
        mov     ecx, FMASK
        xor     edx, edx
        wrmsr

; ================================================================================================================
; The lesson starts: the host
; ================================================================================================================
start:
        lea     rax, [host_called]      ; a system call of the host leads here
        call    set_entry
        lea     rcx, [host_application]
        mov     r11d, RFLAGS_FIXED
to_application:
        o64 sysret                      ; to ring 3

host_called:                            ; the host application wants its guest to run
        lea     rax, [guest_called]     ; SYSCALL's target is not switched by VM entry: the VMM does it
        call    set_entry
enter_guest:
        vmlaunch
        jmp     vmm_end

set_entry:                              ; RAX: where SYSCALL leads from now on
        mov     ecx, LSTAR
        mov     rdx, rax
        shr     rdx, 32
        wrmsr
        ret

exit_handler:
        lea     rax, [host_called_again]
        call    set_entry
        lea     rcx, [host_application.back]
        mov     r11d, RFLAGS_FIXED
        mov     eax, ebx                ; what the guest wanted
        o64 sysret                      ; user space learns of the exit

host_called_again:
        mov     eax, edi                ; a real port, by the only one who may
        out     CONSOLE_PORT, al
        vmclear [pointer_a]
        vmxoff
host_kernel_end:
        jmp     vmm_end

host_application:                       ; such as QEMU
        mov     eax, RUN_A_GUEST
        syscall
.back:  add     eax, '0'                ; the guest's wish, shown to a person
        mov     edi, eax
        syscall
host_application_end:

; ---- The guest -------------------------------------------------------------------------------------------------
guest_kernel:
        lea     rcx, [guest_application]
        mov     r11d, RFLAGS_FIXED
        o64 sysret
guest_called:
        mov     ebx, eax
.exit:  vmcall                          ; only this leaves the guest
guest_kernel_end:

guest_application:
        mov     eax, GUEST_ASKS
.call:  syscall
guest_application_end:

        align   8
pointer_a:      dq VMCS_A

%include "vmm.inc"
