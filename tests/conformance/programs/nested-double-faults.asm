; TITLE: which pairs of exceptions make a double fault: the first's delivery meets the second; the bitmap takes #DF or the second
; SDM: "Interrupt 8-Double Fault Exception (#DF)"; "Information for VM Exits That Occur During Event Delivery"
%include "vmxlab.inc"
GATES     equ 0x300000                    ; a copy of the guest's IDT whose gates are spoilt
%macro ROUND 3                          ; label, guest RIP, bitmap
        VMW EXC_BITMAP, %3
        VMW G_RIP, %2
        VMW G_RSP, GUEST_STACK
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rsi, gidt
        mov rdi, GATES
        mov ecx, 512
        cld
        rep movsq
        mov byte [GATES + 16*0 + 5], 0x0E         ; the gates of #DE, #UD and #GP: not present
        mov byte [GATES + 16*6 + 5], 0x0E
        mov byte [GATES + 16*13 + 5], 0x0E
        VMW G_IDTR_BASE, GATES
        ENTER "first", vmlaunch
        TEXT "gates not present"
        ROUND "#DE, then #NP: double fault", divide, 1<<8
        SHOWV "error", EXIT_INTR_ERR
        ROUND "#DE, then #NP: the second is taken", divide, 1<<11
        SHOWV "error", EXIT_INTR_ERR
        ROUND "#DE: the first is taken", divide, 1<<0
        ROUND "#UD, then #NP: no double fault", invalid, 1<<8 | 1<<11
        SHOWV "error", EXIT_INTR_ERR
        ROUND "#GP, then #NP: double fault", protection, 1<<8
        ROUND "#PF delivered", page, 1<<8
        mov byte [GATES + 16*14 + 5], 0x0E
        ROUND "#PF, then #NP: double fault", page, 1<<8
        SHOW "CR2", cr2
        ROUND "INT n, then #NP: no double fault", int_n, 1<<8 | 1<<11
        SHOWV "error", EXIT_INTR_ERR
        TEXT "the IDT lies in a page that is not there"
        mov rax, 0x8000000000
        VMW G_IDTR_BASE, rax
        ROUND "#DE, then #PF: no double fault", divide, 1<<8 | 1<<14
        SHOW "CR2", cr2
        ROUND "#DE, then #PF, then another: double fault", divide, 1<<8
        ROUND "#PF, then #PF: double fault", page, 1<<8
        ROUND "#UD, then #PF, then another: double fault", invalid, 1<<8
        TEXT "triple faults"
        ROUND "#DE with nothing intercepted", divide, 0
        ROUND "#PF with nothing intercepted", page, 0
        VMW G_IDTR_BASE, GATES
        VMW G_IDTR_LIM, 0
        ROUND "an IDT of no gates", invalid, 0
        ROUND "INT n with it", int_n, 0
        SHOWV "activity", G_ACTIVITY
        GUEST
        nop
        vmcall
divide: xor ecx, ecx
        div ecx
invalid: ud2
protection: mov ax, 0xF8
        mov ds, ax
page:   mov rax, 0x8000001234
        mov eax, [rax]
int_n:  int 0x0D
