; vpid: what becomes of the translations in the TLB when control moves between guests and VMM: without tags, and with them.
;
; Guests A and B read the same linear address and mean different pages of memory. The VMM runs A without a VPID at first, then
; with one; B has one of its own. Then it moves A's page, and must say so.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
VMCS_B          equ 201000h
VMM_STACK       equ 211000h
EPT_A           equ 300000h             ; PML4, PDPT, PD of A's EPT, and of B's
EPT_B           equ 304000h
PAGE            equ 400000h             ; what both guests read; their own tables map it to itself
A_PAGE          equ 800000h             ; where A's page is,
B_PAGE          equ 0A00000h            ; where B's page is,
NEW_PAGE        equ 0C00000h            ; and where the VMM moves A's page to
A_VALUE         equ 100                 ; what lies there
B_VALUE         equ 200
NEW_VALUE       equ 300
A_VPID          equ 1
B_VPID          equ 2
ALL             equ EPT_READ | EPT_WRITE | EPT_EXECUTE
LARGE           equ ALL | EPT_LARGE_PAGE | 6 << EPT_MEMORY_TYPE_SHIFT
EPTP            equ 3 << EPTP_WALK_LENGTH_MINUS_1_SHIFT | 6
SINGLE_CONTEXT  equ 1                   ; type of INVEPT, and of INVVPID
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_ACTIVATE_SECONDARY_CONTROLS
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, an EPT and a VMCS for each of the two
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter
        mov     qword [A_PAGE], A_VALUE
        mov     qword [B_PAGE], B_VALUE
        mov     qword [NEW_PAGE], NEW_VALUE
        mov     edi, EPT_A
        mov     ecx, 8 * 512
        xor     eax, eax
        cld
        rep     stosq
        mov     ebx, EPT_A
        mov     eax, A_PAGE | LARGE
        call    map
        mov     ebx, EPT_B
        mov     eax, B_PAGE | LARGE
        call    map

        mov     ebx, VMCS_B
        lea     rsi, [guest_b]
        call    vmm_describe
        mov     r8d, SECONDARY_ENABLE_EPT | SECONDARY_ENABLE_VPID
        call    write_secondary
        mov     edx, EPT_B | EPTP
        mov     eax, EPT_POINTER
        vmwrite rax, rdx
        mov     edx, B_VPID
        mov     eax, VPID
        vmwrite rax, rdx

        mov     ebx, VMCS_A
        lea     rsi, [guest_a]
        call    vmm_describe
        mov     r8d, SECONDARY_ENABLE_EPT
        call    write_secondary
        mov     edx, EPT_A | EPTP
        mov     eax, EPT_POINTER
        vmwrite rax, rdx
        jmp     start

map:    lea     rdx, [rbx + 1000h]      ; RBX: an EPT of three tables; RAX: the entry for PAGE
        or      rdx, ALL
        mov     [rbx], rdx
        add     rdx, 1000h
        mov     [rbx + 1000h], rdx
        mov     qword [rbx + 2000h], LARGE      ; the first 2 MiB, with the guests' code, as they are
        mov     [rbx + 2000h + 8 * (PAGE >> 21)], rax
        mov     edx, 212000h            ; for vmm_describe: the stacks
        mov     ecx, VMM_STACK
        ret

write_secondary:                        ; R8: the secondary controls that are wanted
        mov     ecx, MSR_IA32_VMX_PROCBASED_CTLS2
        rdmsr
        or      eax, r8d
        and     eax, edx
        mov     edx, SECONDARY_PROCESSOR_BASED_CONTROLS
        vmwrite rdx, rax
        mov     edx, 212000h
        mov     ecx, VMM_STACK
        ret

; ================================================================================================================
; The lesson starts. R14 says where the VMM goes on after the next VM exit
; ================================================================================================================
start:
        lea     r14, [again]            ; A without a VPID
.go:    vmlaunch
        jmp     vmm_end
again:  lea     r14, [turn_on]
.go:    vmresume
        jmp     vmm_end

turn_on:
        mov     edx, A_VPID             ; A with one
        mov     eax, VPID
        vmwrite rax, rdx
        mov     eax, SECONDARY_PROCESSOR_BASED_CONTROLS
        vmread  rdx, rax
        or      edx, SECONDARY_ENABLE_VPID
        vmwrite rax, rdx
        lea     r14, [to_b]
.go:    vmresume
        jmp     vmm_end

to_b:   vmptrld [pointer_b]
        lea     r14, [to_a]
.go:    vmlaunch
        jmp     vmm_end
to_a:   vmptrld [pointer_a]
        lea     r14, [move]
.go:    vmresume
        jmp     vmm_end

move:   mov     eax, NEW_PAGE | LARGE   ; A's page lies elsewhere now
        mov     [EPT_A + 2000h + 8 * (PAGE >> 21)], rax
        lea     r14, [tell]
.go:    vmresume
        jmp     vmm_end
tell:   mov     eax, SINGLE_CONTEXT
        invept  rax, [ept_of_a]
        lea     r14, [finish]
.go:    vmresume
        jmp     vmm_end

finish: mov     eax, SINGLE_CONTEXT
        invvpid rax, [vpid_of_b]
        vmclear [pointer_b]
        vmclear [pointer_a]
        vmxoff
monitor_end:
        jmp     vmm_end

exit_handler:
        mov     eax, EXIT_INSTRUCTION_LENGTH
        vmread  rcx, rax
        mov     eax, GUEST_RIP
        vmread  rdx, rax
        add     rdx, rcx
        vmwrite rax, rdx
        jmp     r14
exit_handler_end:

        align   16
ept_of_a:       dq EPT_A | EPTP, 0
vpid_of_b:      dq B_VPID, 0
pointer_a:      dq VMCS_A
pointer_b:      dq VMCS_B

%include "vmm.inc"

; ---- The guests, in a page of their own --------------------------------------------------------------------------
        align   4096
guest_a:
        mov     rbx, [abs PAGE]         ; without a VPID
.one:   vmcall
        mov     rbx, [abs PAGE]
.two:   vmcall
        mov     rbx, [abs PAGE]         ; with one
.three: vmcall
.back:  mov     rbx, [abs PAGE]
.four:  vmcall
.moved: mov     rbx, [abs PAGE]         ; the VMM has moved the page, and has not said so
.five:  vmcall
        mov     rbx, [abs PAGE]         ; it has
.mine:  mov     rax, cr3
.flush: mov     cr3, rax                ; a guest flushes its own
.six:   vmcall
guest_a_end:

guest_b:
        mov     rbx, [abs PAGE]         ; the same linear address
.one:   vmcall
guest_b_end:
