; TITLE: alignment checks in a guest: delivered to its handler, exits by the exception bitmap, in virtual-8086 mode, while an event is delivered
; SDM: "Interrupt 17—Alignment Check Exception (#AC)"; "Exception Bitmap"; "Information for VM Exits During Event Delivery"
%include "vmxlab.inc"
%include "guest32.inc"
%define ODD 0x350001
%macro RING3 2                          ; EIP, EFLAGS
        VMW G_CS_SEL, 0x2B
        VMW G_CS_BASE, 0
        VMW G_CS_LIM, 0xFFFFFFFF
        VMW G_CS_AR, 0xC0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_DS_SEL, 0x23
        VMW G_DS_AR, 0xC0F3
        VMW G_RSP, USER32
        VMW G_RIP, %1
        VMW G_RFLAGS, %2
%endmacro
%macro V 4
        VMW %1, 0x800
        VMW %2, 0x8000
        VMW %3, 0xFFFF
        VMW %4, 0xF3
%endmacro
CASE
        VMX_ON
        VMCS_32
        CTL G_CR0, 1<<18
        VMW EXC_BITMAP, 1<<17
        RING3 guest_code, 0x40002
        ENTER "exit", vmlaunch
        SHOWV "interruption", EXIT_INTR_INFO
        VMW EXC_BITMAP, 0
        RING3 guest_code, 0x40002
        ENTER "handler of the guest", vmresume
        SHOW "error and EIP", [RING0_32 - 24]
        SHOW "CS and EFLAGS", [RING0_32 - 16]
        SHOWV "EFLAGS", G_RFLAGS
        VMW EXC_BITMAP, 1<<17
        RING3 guest_code, 2
        ENTER "AC = 0", vmresume
        RING3 pops, 2
        ENTER "POPF sets AC", vmresume
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x40002
        ENTER "CPL 0", vmresume
        CLR G_CR0, 1<<18
        CTL CR0_SHADOW, 1<<18
        CTL CR0_MASK, 1<<18
        RING3 guest_code, 0x40002
        ENTER "AM in the read shadow alone", vmresume
        CTL G_CR0, 1<<18
        CLR CR0_SHADOW, 1<<18
        RING3 guest_code, 0x40002
        ENTER "AM owned by the VMM", vmresume
        TEXT "other accesses"
        RING3 pushes, 0x40002
        ENTER "PUSHA", vmresume
        SHOWV "ESP", G_RSP
        RING3 far_call, 0x40002
        ENTER "a call gate: the inner stack is CPL 0's", vmresume
        RING3 bounds, 0x40002
        ENTER "BOUND", vmresume
        RING3 segments, 0x40002
        VMW G_GDTR_BASE, GDT32 + 0x801
        mov rsi, GDT32
        mov rdi, GDT32 + 0x801
        mov ecx, gdt32_end - gdt32
        cld
        rep movsb
        ENTER "descriptors", vmresume
        VMW G_GDTR_BASE, GDT32
        RING3 reps, 0x40002
        ENTER "REP MOVSW", vmresume
        SHOW "RCX", [g_rcx]
        SHOW "RSI", [g_rsi]
        TEXT "delivery"
        mov word [IDT32 + 8*0x33 + 2], 0x88     ; conforming code: CPL stays 3
        mov word [IDT32 + 8*0x93 + 2], 0x88
        RING3 guest_code, 0x40002
        VMW G_RSP, USER32 - 2
        VMW ENTRY_INTR_INFO, 0x80000433
        VMW ENTRY_INSTR_LEN, 2
        ENTER "a software interrupt of DPL 0", vmresume
        RING3 guest_code, 0x40202
        VMW G_RSP, USER32 - 2
        VMW ENTRY_INTR_INFO, 0x80000033
        ENTER "an external interrupt to a conforming handler", vmresume
        RING3 int_n, 0x40002
        VMW G_RSP, USER32 - 2
        ENTER "INT n to a conforming handler", vmresume
        RING3 int_n, 0x40002
        VMW G_RSP, USER32 - 2
        VMW EXC_BITMAP, 0
        ENTER "the same, delivered", vmresume
        SHOW "error and EIP", [RING0_32 - 24]
        SHOW "CS and EFLAGS", [RING0_32 - 16]
        RING3 guest_code, 2
        VMW ENTRY_INTR_INFO, 0x80000B11
        ENTER "injected", vmresume
        SHOW "error and EIP", [RING0_32 - 24]
        TEXT "EPT"
        VMW EXC_BITMAP, 1<<17
        USE_EPT
        mov qword [EPT_PD + 16], 0              ; 4 to 6 MiB
        RING3 absent, 0x40002
        ENTER "unaligned, and the page absent", vmresume
        RING3 aligned, 0x40002
        ENTER "aligned, and the page absent", vmresume
        TEXT "virtual-8086 mode"
        mov rsi, code
        mov edi, 0x8100
        mov ecx, 32
        cld
        rep movsb
        V G_CS_SEL, G_CS_BASE, G_CS_LIM, G_CS_AR
        V G_SS_SEL, G_SS_BASE, G_SS_LIM, G_SS_AR
        V G_DS_SEL, G_DS_BASE, G_DS_LIM, G_DS_AR
        V G_ES_SEL, G_ES_BASE, G_ES_LIM, G_ES_AR
        V G_FS_SEL, G_FS_BASE, G_FS_LIM, G_FS_AR
        V G_GS_SEL, G_GS_BASE, G_GS_LIM, G_GS_AR
        VMW G_RIP, 0x100
        VMW G_RSP, 0x1000
        VMW G_RFLAGS, 0x23002
        ENTER "POPFD sets AC", vmresume
        VMW G_RIP, 0x108
        VMW G_RFLAGS, 0x63002
        ENTER "AC since the entry", vmresume
        GUEST
        bits 32
        mov eax, [ODD + 1]
        vmcall
pops:   push 0x40002
        popfd
        mov [ODD], ax
        vmcall
pushes: sub esp, 2
        pusha
        vmcall
far_call: mov esp, USER32
        call 0x80:0
bounds: mov eax, [ODD + 3]
        bound eax, [ODD + 1]
        vmcall
segments: mov eax, 0x23
        mov fs, ax
        vmcall
reps:   mov esi, ODD - 1
        mov edi, ODD + 15
        mov ax, 0x23
        mov es, ax
        mov ecx, 3
        rep movsw
        mov ecx, 3
        mov esi, ODD
        rep movsw
        vmcall
int_n:  int 0x93
absent: mov eax, [0x400002]
aligned: mov eax, [0x400004]
        vmcall
        bits 16
code:   push dword 0x43002
        popfd
        mov ax, [1]
        vmcall
        bits 64
