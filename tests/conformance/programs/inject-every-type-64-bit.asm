; TITLE: injection of every type into 64-bit code: frames, error codes, return address and flags of the guest's stack
; SDM: "Event Injection"; "64-Bit Mode Stack Frame"
%include "vmxlab.inc"
GATES     equ 0x300000
%macro INJECT 3-5 0, 0                  ; label, information, the stack that is used, error code, length
        VMW G_RIP, guest_code
        VMW G_RSP, GUEST_STACK
        VMW G_RFLAGS, 0x246
        VMW G_INTERRUPTIBILITY, 0
        VMW ENTRY_INTR_INFO, %2
        VMW ENTRY_INTR_ERR, %4
        VMW ENTRY_INSTR_LEN, %5
        ENTER %1, vmresume
        SHOWV "RSP", G_RSP
        SHOWV "RFLAGS", G_RFLAGS
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        SHOW "RIP pushed, or the error code", [%3 - 48]
        SHOW "CS, or RIP", [%3 - 40]
        SHOW "RFLAGS, or CS", [%3 - 32]
        SHOWV "entry information", ENTRY_INTR_INFO
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rdi, GATES                    ; all gates lead to a VMCALL
        mov ecx, 256
.gate:  mov dword [rdi], 0x00180100     ; 18:110100h
        mov dword [rdi+4], 0x00118E00
        mov qword [rdi+8], 0
        add rdi, 16
        dec ecx
        jnz .gate
        VMW G_IDTR_BASE, GATES
        mov byte [GATES + 16*0x41 + 5], 0x8F      ; a trap gate
        mov byte [GATES + 16*0x42 + 4], 1         ; IST 1
        mov qword [tss + 36], 0x2B0000
        ENTER "first", vmlaunch
        INJECT "external interrupt", 0x80000040, GUEST_STACK
        INJECT "through a trap gate", 0x80000041, GUEST_STACK
        INJECT "through IST 1", 0x80000042, 0x2B0000
        INJECT "#DE", 0x80000300, GUEST_STACK
        INJECT "#GP", 0x80000B0D, GUEST_STACK, 0x1234
        INJECT "#DF", 0x80000B08, GUEST_STACK, 0
        INJECT "#PF", 0x80000B0E, GUEST_STACK, 0x1F
        SHOW "CR2 is not written", cr2
        INJECT "software interrupt", 0x80000440, GUEST_STACK, 0, 2
        INJECT "INT1", 0x80000501, GUEST_STACK, 0, 1
        INJECT "INT3", 0x80000603, GUEST_STACK, 0, 1
        INJECT "INTO", 0x80000604, GUEST_STACK, 0, 15
        INJECT "vector 255", 0x800000FF, GUEST_STACK
        INJECT "#MC", 0x80000312, GUEST_STACK
        INJECT "NMI", 0x80000202, GUEST_STACK
        GUEST
        vmcall
        times 0x100-3 nop
        vmcall
