; TITLE: a VMM with PAE paging whose PDPTEs cannot be loaded at the exit: a VMX abort, the processor shuts down and nothing follows
; SDM: "VMX Aborts"; "Checking and Loading Host Page-Directory-Pointer-Table Entries"
; ENDS: shutdown
%include "vmxlab.inc"
%include "guest32.inc"
PDPT    equ 0x330000                    ; at 330020h the same with a reserved bit
%macro W 2
        mov eax, %1
        mov ecx, %2
        vmwrite eax, ecx
%endmacro
CASE
        VMX_ON
        VMCS_32
%assign n 0
%rep 4
        mov qword [PDPT + 8*n], 0x12001 + 0x1000*n
        mov qword [PDPT + 0x20 + 8*n], 0x12001 + 0x1000*n
%assign n n+1
%endrep
        mov byte [PDPT + 0x28], 3
        vmclear [p_vmcs_a]
        vmxoff
        TEXT "enters"
        push 8
        push narrow
        retfq
        bits 32
narrow: mov eax, cr0                    ; from IA-32e mode to PAE paging
        and eax, 0x7FFFFFFF
        mov cr0, eax
        mov ecx, 0xC0000080
        rdmsr
        and eax, ~0x100
        wrmsr
        mov eax, PDPT
        mov cr3, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov eax, 0x10
        mov ss, ax
        mov esp, HOST_STACK
        vmxon [p_vmxon]
        vmptrld [p_vmcs_a]
        mov eax, EXIT_CTLS
        vmread ecx, eax
        and ecx, ~X_HOST64
        vmwrite eax, ecx
        W H_CS_SEL, 8
        W H_CR3, PDPT + 0x20
        W H_RIP, landed
        vmlaunch
        mov al, 'F'                     ; it was refused
        out 0xE9, al
landed: mov al, 'L'                     ; it came back
        out 0xE9, al
.stop:  hlt
        jmp .stop
        bits 64
        GUEST
        bits 32
        vmcall
        bits 64
