; TITLE: IDT-vectoring information when the delivery of an event meets an intercepted exception, an EPT violation, an APIC access
; SDM: "Information for VM Exits That Occur During Event Delivery"
%include "vmxlab.inc"
GATES     equ 0x300000
%macro ROUND 2
        VMW G_RIP, %2
        ENTER %1, vmresume
        SHOWV "RSP", G_RSP
        SHOWV "RFLAGS", G_RFLAGS
        VMW G_RFLAGS, 2
        VMW G_INTERRUPTIBILITY, 0
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov rsi, gidt
        mov rdi, GATES
        mov ecx, 512
        cld
        rep movsq
        VMW G_IDTR_BASE, GATES
        ENTER "first", vmlaunch
        VMW G_RSP, GUEST_STACK
        mov word [GATES + 16*3 + 2], 0x10 ; #BP: not a code segment
        VMW EXC_BITMAP, 1<<13
        ROUND "INT3 by a bad gate", int_3
        SHOWV "length", EXIT_INSTR_LEN
        mov word [GATES + 16*1 + 2], 0
        ROUND "INT1 by a null gate", int_1
        VMW G_IDTR_LIM, 0x2FF
        ROUND "INT n, limit 2FFh", int_n
        VMW G_IDTR_LIM, 0xFFF
        VMW G_RSP, 1 << 40              ; the stack is in a page that is not there
        VMW EXC_BITMAP, 1<<14
        ROUND "#UD, stack not there", invalid
        SHOW "CR2 is the VMM's", cr2
        VMW G_RSP, 0x8000000000000000   ; not canonical
        VMW EXC_BITMAP, 1<<12
        ROUND "#UD, stack not canonical", invalid
        VMW EXC_BITMAP, 0
        VMW G_RSP, 0x1200000
        mov qword [EPT_PD + 8*8], 0
        mov eax, 2
        invept rax, [zeros]
        ROUND "#UD, stack absent in EPT", invalid
        ROUND "#GP, stack absent in EPT", protection
        SHOWV "error", IDT_ERR
        ROUND "INT n, stack absent in EPT", int_n
        SHOWV "length", EXIT_INSTR_LEN
        VMW G_RFLAGS, 0x102
        ROUND "#DB by TF, stack absent in EPT", guest_code
        SHOWV "pending debug exceptions", G_PENDING_DBG
        VMW G_PENDING_DBG, 0
        VMW ENTRY_INTR_INFO, 0x80000B0E
        VMW ENTRY_INTR_ERR, 7
        ROUND "injected #PF, stack absent in EPT", guest_code
        SHOWV "error", IDT_ERR
        VMW G_RSP, GUEST_STACK
        CTL PROC_CTLS2, S_APICACC
        VMW APIC_ACCESS, 0x299000       ; the page of the stack
        VMW G_RSP, 0x299800
        ROUND "INT n, stack in the APIC-access page", int_n
        VMW ENTRY_INTR_INFO, 0x80000202
        ROUND "injected NMI, stack in the APIC-access page", guest_code
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        GUEST
        nop
        vmcall
int_3:  int3
int_1:  int1
int_n:  int 0x30
invalid: ud2
protection: mov ax, 0xF8
        mov ds, ax
        section data
        align 8
zeros:  dq 0, 0
