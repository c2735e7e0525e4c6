; TITLE: each source of a task switch of a guest: JMP, CALL, IRET, gate by INT, exception and injection; qualification and vectoring
; SDM: "Task Switches in VMX Non-Root Operation"; "Exit Qualification for Task Switches"; "Information for VM Exits That Occur During Event Delivery"
%include "vmxlab.inc"
%include "guest32.inc"
%macro GATE 1                           ; the vector's gate becomes a task gate
        mov rax, [GDT32 + 0x40]
        mov [IDT32 + 8 * %1], rax
%endmacro
%macro FROM 2
        VMW G_RIP, %2
        ENTER %1, vmresume
        SHOWV "length", EXIT_INSTR_LEN
%endmacro
CASE
        VMX_ON
        VMCS_32
        ENTER "JMP to a TSS", vmlaunch
        SHOWV "length", EXIT_INSTR_LEN
        FROM "CALL to a TSS", call_tss
        FROM "JMP to a task gate", jmp_gate
        FROM "CALL to a task gate", call_gate
        FROM "JMP indirect", jmp_indirect
        mov word [TSS32], 0x38
        or byte [GDT32 + 0x38 + 5], 2   ; busy
        VMW G_RFLAGS, 0x4002
        FROM "IRET with NT", iret_nt
        and byte [GDT32 + 0x38 + 5], ~2
        VMW G_RFLAGS, 2
        GATE 0x90
        FROM "INT n", int_n
        GATE 3
        FROM "INT3", int_3
        GATE 4
        FROM "INTO", int_o
        GATE 1
        FROM "INT1", int_1
        GATE 0
        VMW G_RIP, divide
        ENTER "#DE", vmresume
        GATE 13
        VMW G_RIP, protection
        ENTER "#GP", vmresume
        SHOWV "vectoring error", IDT_ERR
        GATE 14
        VMW G_RIP, page
        ENTER "#PF", vmresume
        SHOWV "vectoring error", IDT_ERR
        mov rax, cr2
        SHOW "CR2", rax
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x202
        GATE 0x91
        VMW ENTRY_INTR_INFO, 0x80000091
        ENTER "injected interrupt", vmresume
        GATE 2
        VMW ENTRY_INTR_INFO, 0x80000202
        ENTER "injected NMI", vmresume
        SHOWV "interruptibility", G_INTERRUPTIBILITY
        VMW G_INTERRUPTIBILITY, 0
        VMW ENTRY_INTR_INFO, 0x80000490
        VMW ENTRY_INSTR_LEN, 2
        ENTER "injected INT n", vmresume
        SHOWV "length", EXIT_INSTR_LEN
        GUEST
        bits 32
        jmp 0x38:0
call_tss: call 0x38:0
jmp_gate: jmp 0x40:0
call_gate: call 0x40:0
jmp_indirect: jmp far [pointer]
iret_nt: iret
int_n:  int 0x90
int_3:  int3
int_o:  mov al, 0x7F
        inc al
        into
int_1:  int1
divide: xor ecx, ecx
        div ecx
protection: mov ax, 0xF8
        mov ds, ax
page:   mov dword [PD32 + 4*200], 0
        invlpg [200 << 22]
        mov eax, [200 << 22]
pointer: dd 0
        dw 0x38
        bits 64
