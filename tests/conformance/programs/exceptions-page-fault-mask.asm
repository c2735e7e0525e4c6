; TITLE: page faults exit as bitmap bit 14, PFEC mask and match say; error codes of each kind of page fault
; SDM: "Exception Bitmap"; "Page-Fault Error-Code Mask and Match"
%include "vmxlab.inc"
PAGE    equ 0x1000000
%macro FAULTS 4                         ; label, bitmap, mask, match
        TEXT %1
        VMW EXC_BITMAP, %2
        VMW PF_MASK, %3
        VMW PF_MATCH, %4
        VMW G_RIP, read
        ENTER "read, not present", vmresume
        VMW G_RSP, GUEST_STACK
        VMW G_RIP, write
        ENTER "write, not present", vmresume
        VMW G_RSP, GUEST_STACK
        VMW G_RIP, protected
        ENTER "write, read-only", vmresume
        VMW G_RSP, GUEST_STACK
        VMW G_RIP, fetch
        ENTER "fetch, no-execute", vmresume
        VMW G_RSP, GUEST_STACK
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [0x302000 + 8*8], 0
        mov qword [0x302000 + 9*8], 0x1200085
        mov rax, 0x1400087 | 1 << 63
        mov [0x302000 + 10*8], rax
        CTL ENTRY_CTLS, N_LOAD_EFER
        CTL EXIT_CTLS, X_LOAD_EFER
        VMW H_EFER, 0x500
        VMW G_EFER, 0xD00               ; NXE
        VMW G_CR0, 0x80010031           ; WP
        VMW G_CR3, 0x300000
        ENTER "first", vmlaunch
        FAULTS "bit 14 = 1, mask 0, match 0: all", 1<<14, 0, 0
        FAULTS "bit 14 = 0, mask 0, match 0: none", 0, 0, 0
        FAULTS "bit 14 = 1, writes", 1<<14, 2, 2
        FAULTS "bit 14 = 0, all but writes", 0, 2, 2
        FAULTS "bit 14 = 1, fetches", 1<<14, 0x10, 0x10
        FAULTS "bit 14 = 1, present and write", 1<<14, 3, 3
        FAULTS "bit 14 = 1, nothing can match", 1<<14, 0, 1
        FAULTS "bit 14 = 0, nothing can match: all", 0, 0, 1
        GUEST
        vmcall
read:   mov eax, [PAGE + 0x123]
write:  mov [PAGE + 0x123], eax
protected: mov [0x1200456], eax
fetch:  jmp 0x1400789
