; TITLE: task switches of a guest by IDT task gates, IRET with NT, far CALL and JMP
; SDM: "Task Switches in VMX Non-Root Operation"; "Exit Qualification for Task Switches"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CLR ENTRY_CTLS, N_IA32E
        mov rdi, 0x300000
        mov eax, 0x87
        mov ecx, 1024
.l:     mov [rdi], eax
        add eax, 0x400000
        add rdi, 4
        dec ecx
        jnz .l
        VMW G_CR3, 0x300000
        VMW G_CR4, 0x2010
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        ; GDT copy at 0x301000 with a second TSS at 40h
        mov rsi, gdt
        mov rdi, 0x301000
        mov ecx, 8
        rep movsq
        mov rax, 0x0000893040000067
        mov [0x301040], rax
        mov rax, 0x00008B3050000067
        mov [0x301048], rax
        VMW G_GDTR_BASE, 0x301000
        VMW G_GDTR_LIM, 0x4F
        mov qword [0x302000+3*8], 0
        mov rax, 0x0000E50000400000
        mov [0x302000+3*8], rax
        mov [0x302000+0x50*8], rax
        mov [0x302000+6*8], rax
        VMW G_IDTR_BASE, 0x302000
        VMW G_IDTR_LIM, 0x7FF
        ENTER "int3 by task gate", vmlaunch
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g2
        ENTER "int 50h by task gate", vmresume
        SHOWV "len", EXIT_INSTR_LEN
        VMW G_RIP, g3
        ENTER "ud2 by task gate", vmresume
        mov word [tss], 0x48
        VMW G_RIP, g4
        VMW G_RFLAGS, 0x4002
        ENTER "iret nt", vmresume
        mov word [tss], 0x40
        ENTER "iret nt, not busy", vmresume
        VMW G_RFLAGS, 2
        VMW ENTRY_INTR_INFO, 0x80000350
        VMW G_RIP, g2
        VMW ENTRY_INTR_INFO, 0x80000306
        ENTER "inject by task gate", vmresume
        VMW G_RIP, g5
        ENTER "call far", vmresume
        VMW G_RIP, g6
        VMW EXC_BITMAP, 1<<13
        ENTER "jmp far busy", vmresume
        GUEST
        bits 32
        int3
g2:     int 0x50
g3:     ud2
g4:     iret
g5:     call 0x40:0
g6:     jmp 0x48:0
        bits 64
