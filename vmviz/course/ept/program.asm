; ept: two sets of page tables. The guest's lead from linear to guest-physical addresses, the VMM's (EPT) from there to memory.
;
; The guest changes CR3, reads a page that the VMM has not given it yet, reads one that its own tables do not map, reads one whose
; EPT entry makes no sense, and writes to one that it may only read.

        bits    64
        default rel
        org     100000h

%include "vmcs.inc"

VMCS_A          equ 200000h
VMM_STACK       equ 211000h
EPT_TABLES      equ 300000h             ; the VMM's tables: PML4, PDPT, PD, PT
EPT_PT          equ EPT_TABLES + 3000h
GUEST_MEMORY    equ 800000h             ; where the guest's memory is; the guest believes that it is at 400000h
GUEST_PHYSICAL  equ 400000h             ; guest-physical pages: PML4, PDPT, PD, PT, code, stack, data, another, device
GUEST_TABLES    equ GUEST_PHYSICAL
STACK           equ 1C0000h             ; linear addresses of the guest
DATA            equ 1C1000h
HOLE            equ 1C2000h
DEVICE          equ 1C3000h
TABLE           equ 1C4000h             ; its own page table
DATA_PAGE       equ 6                   ; which page of the guest's memory that is
OTHER_PAGE      equ 7
DEVICE_PAGE     equ 8
VALUE           equ 1234                ; what lies in DATA
PRESENT         equ 7                   ; in the guest's tables: present, writable, user
ALL             equ EPT_READ | EPT_WRITE | EPT_EXECUTE
WRITE_BACK      equ 6 << EPT_MEMORY_TYPE_SHIFT
FOUR_LEVELS     equ 3 << EPTP_WALK_LENGTH_MINUS_1_SHIFT
VIOLATION_WRITE equ 2                   ; in the exit qualification: the access was a write
CODE            equ 18h
PIN_WANTED      equ 0
PRIMARY_WANTED  equ PRIMARY_ACTIVATE_SECONDARY_CONTROLS
EXIT_WANTED     equ 0
ENTRY_WANTED    equ 0

; ================================================================================================================
; Before the lesson starts: VMX operation, the guest's tables, the VMM's tables, a VMCS
; ================================================================================================================
        mov     rsp, VMM_STACK
        call    vmm_enter

        mov     edi, GUEST_MEMORY       ; the guest's memory: nine pages
        xor     eax, eax
        mov     ecx, 9 * 512
        cld
        rep     stosq
        mov     ebx, GUEST_MEMORY
        mov     qword [rbx], GUEST_TABLES + 1000h | PRESENT
        mov     qword [rbx + 1000h], GUEST_TABLES + 2000h | PRESENT
        mov     qword [rbx + 2000h], GUEST_TABLES + 3000h | PRESENT
        add     ebx, 3000h              ; the page table
        lea     rax, [guest_page]
        shr     eax, 12
        mov     qword [rbx + rax*8], GUEST_PHYSICAL + 4000h | PRESENT
        mov     qword [rbx + 8 * (STACK >> 12)], GUEST_PHYSICAL + 5000h | PRESENT
        mov     qword [rbx + 8 * (DATA >> 12)], GUEST_PHYSICAL + 1000h * DATA_PAGE | PRESENT
        mov     qword [rbx + 8 * (DEVICE >> 12)], GUEST_PHYSICAL + 1000h * DEVICE_PAGE | PRESENT
        mov     qword [rbx + 8 * (TABLE >> 12)], GUEST_TABLES + 3000h | PRESENT
        mov     qword [rbx - 3000h + 1000h * DATA_PAGE], VALUE

        mov     edi, EPT_TABLES
        xor     eax, eax
        mov     ecx, 4 * 512
        rep     stosq
        mov     ebx, EPT_TABLES
        mov     qword [rbx], EPT_TABLES + 1000h | ALL
        mov     qword [rbx + 1000h], EPT_TABLES + 2000h | ALL
        mov     qword [rbx + 2000h + 8 * (GUEST_PHYSICAL >> 21)], EPT_TABLES + 3000h | ALL
        add     ebx, 3000h
        mov     eax, GUEST_MEMORY | ALL | WRITE_BACK
        mov     ecx, 9
map:    mov     [rbx], rax
        add     rax, 1000h
        add     ebx, 8
        loop    map
        lea     rax, [guest_page]       ; the page with the guest's code lies among the VMM's
        or      eax, ALL | WRITE_BACK
        mov     [EPT_PT + 8 * 4], rax
        mov     qword [EPT_PT + 8 * DATA_PAGE], 0
        mov     qword [EPT_PT + 8 * DEVICE_PAGE], GUEST_MEMORY + 1000h * DEVICE_PAGE | EPT_WRITE | WRITE_BACK

        lea     rax, [guest_page_fault] ; a gate for #PF in the guest's IDT
        lea     rbx, [guest_idt + 14 * 16]
        mov     [rbx], ax
        mov     word [rbx + 2], CODE
        mov     word [rbx + 4], 8E00h
        shr     eax, 16
        mov     [rbx + 6], ax

        mov     ebx, VMCS_A
        lea     rsi, [guest]
        mov     edx, STACK + 800h
        mov     ecx, VMM_STACK
        call    vmm_describe
        mov     ecx, MSR_IA32_VMX_PROCBASED_CTLS2
        rdmsr
        or      eax, SECONDARY_ENABLE_EPT
        and     eax, edx
        mov     edx, SECONDARY_PROCESSOR_BASED_CONTROLS
        vmwrite rdx, rax
        mov     eax, EPT_POINTER
        mov     edx, EPT_TABLES | FOUR_LEVELS | 6
        vmwrite rax, rdx
        mov     eax, GUEST_CR3
        mov     edx, GUEST_TABLES
        vmwrite rax, rdx
        lea     rdx, [guest_gdt]
        mov     eax, GUEST_GDTR_BASE
        vmwrite rax, rdx
        lea     rdx, [guest_idt]
        mov     eax, GUEST_IDTR_BASE
        vmwrite rax, rdx
        mov     edx, 15 * 16 - 1
        mov     eax, GUEST_IDTR_LIMIT
        vmwrite rax, rdx

; ================================================================================================================
; The lesson starts
; ================================================================================================================
start:
        mov     eax, EPT_POINTER
        vmread  rdx, rax                ; where the VMM's tables are
        vmlaunch
start_end:
        jmp     vmm_end

exit_handler:
        mov     [guest_rax], rax
        mov     [guest_rdx], rdx
        mov     eax, EXIT_REASON
        vmread  rdx, rax
        cmp     edx, EXIT_REASON_VMCALL
        je      finish
        mov     eax, GUEST_PHYSICAL_ADDRESS
        vmread  rax, rax
        shr     eax, 12                 ; which page of the guest's memory is it?
        and     eax, 511
        cmp     edx, EXIT_REASON_EPT_MISCONFIGURATION
        je      misconfiguration
        cmp     edx, EXIT_REASON_EPT_VIOLATION
        jne     vmm_end
        mov     edx, EXIT_QUALIFICATION
        vmread  rdx, rdx
        test    edx, VIOLATION_WRITE
        jnz     written
        mov     edx, eax                ; nothing there yet: give it the page, to read
        shl     edx, 12
        add     edx, GUEST_MEMORY | EPT_READ | WRITE_BACK
        mov     [EPT_PT + rax*8], rdx
        jmp     again
written:
        or      qword [EPT_PT + rax*8], EPT_WRITE
        jmp     again
misconfiguration:
        or      qword [EPT_PT + rax*8], EPT_READ
again:  mov     rax, [guest_rax]        ; nothing is added to RIP
        mov     rdx, [guest_rdx]
.go:    vmresume
exit_handler_end:
        jmp     vmm_end

finish: vmclear [pointer_a]
        vmxoff
        jmp     vmm_end

        align   8
pointer_a:      dq VMCS_A
guest_rax:      dq 0
guest_rdx:      dq 0

%include "vmm.inc"

; ---- The guest: one page that holds its code and its tables of descriptors ---------------------------------------
        align   4096
guest_page:
guest:
        mov     esi, DATA
.next:  mov     edi, HOLE
.third: mov     rax, cr3
.cr3:   mov     cr3, rax                ; as for another process
.read:  mov     rbx, [rsi]
.hole:  mov     rcx, [rdi]
.after: mov     edi, DEVICE
.device:
        mov     rdx, [rdi]
.write: mov     [rsi], rcx
.done:  vmcall
guest_end:

guest_page_fault:
        mov     qword [TABLE + 8 * (HOLE >> 12)], GUEST_PHYSICAL + 1000h * OTHER_PAGE | PRESENT
.back:  add     rsp, 8                  ; over the error code
        iretq
guest_page_fault_end:

        align   16
guest_gdt:      dq 0, 0, 00CF93000000FFFFh, 00AF9B000000FFFFh
guest_idt:      times 30 dq 0
