; entry-fails: what the processor checks before it lets a guest in, and three ways in which it refuses.
;
; The VMM breaks one field after the other and mends it again: a control, the host state, the guest state, and an MSR that
; is to be loaded. At last all is right.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
ENTRY_FAILURE   equ 1 << 31             ; in the exit reason: there was no exit, for there was no entry
BAD_RFLAGS      equ 0                   ; bit 1 of RFLAGS is always 1; others without it in other variants
FS_BASE         equ 0C0000100h          ; an MSR that no entry may load from a list
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, and a VMCS with which a VM entry succeeds
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     ebx, VMCS_A
        lea     rsi, [guest]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        call    vmm_describe
        mov     eax, PIN_BASED_CONTROLS
        vmread  r12, rax                ; the right value, to come back to

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        xor     edx, edx                ; 1. the controls: bits that must be 1 are 0
        mov     eax, PIN_BASED_CONTROLS
        vmwrite rax, rdx
.go:    vmlaunch
        jnz     vmm_end                 ; ZF = 1: VMfailValid
        mov     eax, VM_INSTRUCTION_ERROR
.why:   vmread  rdx, rax

host:
        mov     eax, PIN_BASED_CONTROLS
        vmwrite rax, r12
        xor     edx, edx                ; 2. the way home: a code segment that does not exist
        mov     eax, HOST_CS_SELECTOR
        vmwrite rax, rdx
.go:    vmlaunch
        jnz     vmm_end
        mov     eax, VM_INSTRUCTION_ERROR
.why:   vmread  rdx, rax

guests:
        mov     edx, VMM_CODE
        mov     eax, HOST_CS_SELECTOR
        vmwrite rax, rdx
        mov     edx, BAD_RFLAGS         ; 3. the guest: flags that no processor can have
        mov     eax, GUEST_RFLAGS
        vmwrite rax, rdx
        lea     r14, [list]             ; where the handler goes on
.go:    vmlaunch
        jmp     vmm_end                 ; never reached: control does not come back here
start_end:

exit_handler:
        mov     eax, EXIT_REASON
.why:   vmread  rdx, rax
        jmp     r14
exit_handler_end:

list:
        mov     edx, 2
        mov     eax, GUEST_RFLAGS
        vmwrite rax, rdx
        lea     rdx, [msr_list]         ; 4. the list of MSRs: one that may not be there
        mov     eax, ENTRY_MSR_LOAD_ADDRESS
        vmwrite rax, rdx
        mov     edx, 1
        mov     eax, ENTRY_MSR_LOAD_COUNT
        vmwrite rax, rdx
        lea     r14, [right]
.go:    vmlaunch
        jmp     vmm_end

right:
        xor     edx, edx
        mov     eax, ENTRY_MSR_LOAD_COUNT
        vmwrite rax, rdx
        lea     r14, [finish]
.go:    vmlaunch                        ; still VMLAUNCH, after four failures
        jmp     vmm_end

finish: vmclear [pointer_a]
        vmxoff
mending_end:
        jmp     vmm_end

guest:
        hlt
guest_end:

        align   16
msr_list:       dd FS_BASE, 0
                dq 0
pointer_a:      dq VMCS_A

%include "vmm.inc"
