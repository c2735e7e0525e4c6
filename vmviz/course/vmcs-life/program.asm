; vmcs-life: the states of a VMCS, and the instructions that move it from one to another.
;
; A VMM in VMX root operation has two VMCS regions, X and Y. X is inactive, then active and current, then launched. On
; the way the VMM makes the three mistakes that everybody makes once.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_X          equ 200000h
VMCS_Y          equ 201000h
GUEST_STACK     equ 210000h
VMM_STACK       equ 211000h
EXPECTED        equ 5                   ; what the guest leaves in RBX
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_HLT_EXITING
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, as in the lessons before; and both regions are filled in and cleared again
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     ebx, VMCS_Y
        call    describe
        mov     ebx, VMCS_X
        call    describe
        vmclear [pointer_y]
        vmclear [pointer_x]
        jmp     start

describe:
        lea     rsi, [guest]
        mov     edx, GUEST_STACK
        mov     ecx, VMM_STACK
        jmp     vmm_describe

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        mov     eax, GUEST_RIP          ; nothing is current: whose field is this?
nobody: vmread  rdx, rax
        jnc     vmm_end

choose:
        vmptrld [pointer_x]
        vmptrst [answer]
        mov     eax, GUEST_RIP
read:   vmread  rdx, rax
        vmwrite rax, rdx

both:
        vmptrld [pointer_y]             ; Y is current now; and X?
        vmptrld [pointer_x]

too_early:
        vmresume                        ; never entered before: this is not the way
        jnz     vmm_end
        mov     eax, VM_INSTRUCTION_ERROR
.why:   vmread  rdx, rax

go_in:  xor     ebx, ebx
.guest: vmlaunch
        jmp     vmm_end

guest:
        mov     ebx, EXPECTED
        hlt
guest_end:

exit_handler:
        cmp     ebx, EXPECTED
        jne     vmm_end
again:  vmlaunch                        ; it is launched already
        jnz     vmm_end
        mov     eax, VM_INSTRUCTION_ERROR
.why:   vmread  rdx, rax

put_away:
        vmclear [pointer_x]             ; to another processor, or to its end
        mov     eax, GUEST_RIP
.read:  vmread  rdx, rax
        vmptrld [pointer_x]
        mov     eax, GUEST_RIP          ; everything is as it was
.same:  vmread  rdx, rax
        vmclear [pointer_y]
        vmclear [pointer_x]
        vmxoff
monitor_end:
        jmp     vmm_end

        align   8
pointer_x:      dq VMCS_X
pointer_y:      dq VMCS_Y
answer:         dq 0

%include "vmm.inc"
