; vmm-loop: what a VMM does all day: a VM exit, find out why, do the guest's work for it, step over the instruction, VMRESUME.
;
; A host kernel with a table of handlers, a device emulator in user space, and a guest that executes CPUID, RDMSR, OUT,
; VMCALL and HLT. The handler for CPUID has a mistake at first: it forgets the length of the instruction.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
FORGOTTEN       equ 1                   ; how often the handler for CPUID forgets the length
LEAF            equ 40000000h           ; what the guest asks CPUID for
ANSWER          equ 40000001h           ; what the VMM tells it
MSR             equ 8Bh                 ; the MSR that the guest reads: the version of the microcode
VERSION         equ 123h                ; what the VMM lets it find there
LETTER          equ 'K'                 ; what the guest sends to its serial port
SERIAL_PORT     equ 3F8h
CONSOLE_PORT    equ 0E9h
CALL_RUN        equ 1                   ; system calls of the host kernel: let the guest run,
CALL_WRITE      equ 2                   ; and write a character to the console
INTERRUPTS      equ 200h                ; RFLAGS.IF
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING | PRIMARY_UNCONDITIONAL_IO_EXITING
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMXON, a VMCS that is filled in and put away, and SYSCALL of the host
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     ebx, VMCS_A
        lea     rsi, [guest]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        call    vmm_describe
        vmclear [pointer_a]
        mov     ecx, 0C0000080h         ; IA32_EFER: SYSCALL is allowed
        rdmsr
        or      eax, 1
        wrmsr
        mov     ecx, 0C0000081h         ; IA32_STAR: its segments
        xor     eax, eax
        mov     edx, VMM_STAR
        wrmsr
        mov     ecx, 0C0000082h         ; IA32_LSTAR: where it leads
        lea     rax, [system_call]
        xor     edx, edx
        wrmsr
        mov     ecx, 0C0000084h         ; IA32_FMASK
        xor     eax, eax
        wrmsr

; ================================================================================================================
; The lesson starts: the host kernel
; ================================================================================================================
start:
        vmptrld [pointer_a]
        lea     rcx, [application]
        mov     r11d, 2
        o64 sysret                      ; to ring 3

system_call:                            ; RAX: which; RCX: where the application goes on
        cmp     eax, CALL_WRITE
        je      write
        mov     [application_rip], rcx
        inc     dword [runs]
        cmp     dword [runs], 1
        jne     advance                 ; the device has done its part: over the guest's instruction
        vmlaunch
        jmp     vmm_end
write:  mov     eax, edi
        out     CONSOLE_PORT, al
        o64 sysret
kernel_end:

; ---- Every VM exit arrives here --------------------------------------------------------------------------------
exit_handler:
        mov     [guest_rax], rax
        mov     [guest_rcx], rcx
        mov     [guest_rdx], rdx
        inc     dword [vm_exits]
        mov     eax, EXIT_REASON
        vmread  rcx, rax
        cmp     ecx, LAST_REASON
        ja      vmm_end
.go:    jmp     [handlers + rcx*8]      ; a handler for each reason

on_cpuid:
        mov     eax, ANSWER
        mov     [guest_rax], rax
        xor     ebx, ebx
        mov     [guest_rcx], rbx
        mov     [guest_rdx], rbx
        dec     dword [forgotten]
        jns     resume                  ; forgets the length
        jmp     advance

on_rdmsr:                               ; EDX:EAX
        mov     eax, VERSION
        mov     [guest_rdx], rax        ; the version stands in bits 63:32
        xor     eax, eax
        mov     [guest_rax], rax
        jmp     advance

on_vmcall:                              ; the guest asks how often it has left
        mov     eax, [vm_exits]
        mov     [guest_rax], rax
        jmp     advance

on_io:                                  ; a device: user space knows it
        mov     eax, EXIT_QUALIFICATION
        vmread  rsi, rax
        mov     rdi, [guest_rax]
        mov     rcx, [application_rip]
        mov     r11d, 2
        inc     dword [user_returns]
.go:    o64 sysret

on_hlt: mov     eax, GUEST_RFLAGS
        vmread  rdx, rax
        test    edx, INTERRUPTS         ; can anything wake it?
        jnz     vmm_end
finish: vmptrst [current]               ; which VMCS is it?
        vmclear [current]
.off:   vmxoff
handlers_end:
        jmp     vmm_end

; ---- And every way back in begins here --------------------------------------------------------------------------
advance:
        mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
resume: mov     rax, [guest_rax]
        mov     rcx, [guest_rcx]
        mov     rdx, [guest_rdx]
.go:    vmresume
advance_end:
        jmp     vmm_end

; ---- User space of the host: a device emulator, such as QEMU ----------------------------------------------------
application:
        mov     eax, CALL_RUN
        syscall
.exit:  shr     esi, 16                 ; the port, from the exit qualification
        cmp     esi, SERIAL_PORT
        jne     application             ; no such device: nothing happens
        mov     eax, CALL_WRITE
        syscall
        jmp     application
application_end:

; ---- The guest --------------------------------------------------------------------------------------------------
guest:
        mov     eax, LEAF
.leaf:  cpuid
.msr:   mov     ecx, MSR
        rdmsr
.out:   mov     edx, SERIAL_PORT
        mov     eax, LETTER
        out     dx, al
.call:  vmcall
.idle:  hlt
guest_end:

        align   8
pointer_a:      dq VMCS_A
current:        dq 0
guest_rax:      dq 0                    ; the guest's registers, while the VMM needs them; this guest uses no others
guest_rcx:      dq 0
guest_rdx:      dq 0
application_rip:
                dq 0
forgotten:      dd FORGOTTEN
runs:           dd 0
vm_exits:       dd 0
user_returns:   dd 0

LAST_REASON     equ EXIT_REASON_RDMSR
        align   8
handlers:                               ; by exit reason
        times 10 dq vmm_end
        dq      on_cpuid                ; 10
        dq      vmm_end
        dq      on_hlt                  ; 12
        times 5 dq vmm_end
        dq      on_vmcall               ; 18
        times 11 dq vmm_end
        dq      on_io                   ; 30
        dq      on_rdmsr                ; 31

%include "vmm.inc"
