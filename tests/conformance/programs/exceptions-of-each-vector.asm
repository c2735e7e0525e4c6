; TITLE: an exit by each exception that an instruction can raise: type, error code, length, saved RIP
; SDM: "Information for VM Exits Due to Vectored Events"; "Exception Bitmap"
%include "vmxlab.inc"
%include "guest32.inc"
%macro FAULT 2
        VMW G_RIP, %2
        ENTER %1, vmresume
        SHOWV "RFLAGS", G_RFLAGS
        VMW G_RFLAGS, 2
        VMW G_RSP, STACK32
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
        VMW G_SS_LIM, -1
        VMW G_SS_BASE, 0
%endmacro
CASE
        VMX_ON
        VMCS_32
        VMW EXC_BITMAP, -1
        ENTER "#DE", vmlaunch
        VMW G_RFLAGS, 2
        FAULT "INT1", int_1
        FAULT "INT3", int_3
        FAULT "CD 03", int_3_long
        FAULT "INTO", int_o
        FAULT "#BR", bounds
        FAULT "#UD", invalid
        FAULT "#NP by a segment", absent
        FAULT "#SS by a limit", stack
        FAULT "#SS by a selector", stack_absent
        FAULT "#GP by a selector", selector
        FAULT "#GP by a limit", limit
        FAULT "#PF", page
        FAULT "INT n beyond the IDT", beyond
        FAULT "TF", trace
        GUEST
        bits 32
        xor ecx, ecx
        div ecx
int_1:  int1
int_3:  int3
int_3_long: db 0xCD, 3
int_o:  mov al, 0x7F
        inc al
        into
bounds: mov eax, 100
        bound eax, [pair]
invalid: ud2
absent: call 0x58:0
stack:  mov ax, 0x60
        mov ss, ax
        mov esp, 0x1004
        pop eax
stack_absent: mov dword [GDT32 + 0x64], 0x00401332
        mov ax, 0x60
        mov ss, ax
selector: mov ax, 0x800
        mov fs, ax
limit:  mov dword [GDT32 + 0x64], 0x00409332
        mov ax, 0x60
        mov gs, ax
        mov eax, [gs:0xFFD]
page:   mov dword [PD32 + 4*200], 0
        mov eax, [200 << 22]
beyond: lidt [short_idt]
        int 0x90
trace:  push 0x102
        popfd
        nop
        nop
pair:   dd 0, 50
short_idt: dw 0x47F
        dd IDT32
        bits 64
