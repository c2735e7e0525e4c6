; TITLE: segment limits, types and null selectors of a 32-bit guest: byte and page granularity, expand-down, read-only, execute-only
; SDM: "Limit Checking"; "Type Checking"; "Loading Guest Segment Registers and Descriptor-Table Registers"
%include "vmxlab.inc"
%include "guest32.inc"
%macro DS_ 3                            ; base, limit, rights
        VMW G_DS_BASE, %1
        VMW G_DS_LIM, %2
        VMW G_DS_AR, %3
%endmacro
%macro AT_ 3                            ; label, RIP, offset
        mov qword [g_rbx], %3
        VMW G_RIP, %2
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_32
        VMW EXC_BITMAP, 1<<12 | 1<<13
        ENTER "first", vmlaunch
        DS_ 0x324000, 0xFFF, 0x4093
        TEXT "4 KiB"
        AT_ "last doubleword", read, 0xFFC
        AT_ "across the limit", read, 0xFFD
        AT_ "a byte at the limit", read_byte, 0xFFF
        AT_ "above", read_byte, 0x1000
        TEXT "expand-down above FFFh"
        DS_ 0x324000, 0xFFF, 0x4097
        AT_ "at the limit", read_byte, 0xFFF
        AT_ "above it", read, 0x1000
        AT_ "at the top", read, 0xFFFFFFFC
        AT_ "across the top", read, 0xFFFFFFFD
        TEXT "expand-down, 16 bits"
        DS_ 0x324000, 0xFFF, 0x97
        AT_ "at FFFCh", read, 0xFFFC
        AT_ "across FFFFh", read, 0xFFFD
        TEXT "read-only"
        DS_ 0, -1, 0xC091
        AT_ "read", read, 0x324000
        AT_ "write", write, 0x324000
        TEXT "unusable"
        DS_ 0, 0, 0x10000
        AT_ "read", read, 0x324000
        TEXT "loaded by the guest"
        DS_ 0, -1, 0xC093
        AT_ "null selector, then a read", load_null, 0x324000
        SHOWV "DS", G_DS_SEL
        AT_ "execute-only", load_98, 0
        AT_ "a code segment into SS", load_ss_code, 0
        AT_ "read-only into SS", load_ss_ro, 0
        AT_ "stack at its limit", stack, 0
        TEXT "code"
        VMW G_CS_AR, 0x4099
        VMW G_CS_LIM, 0xFFFFF
        AT_ "beyond the limit of CS", guest_code, 0
        VMW G_CS_LIM, -1
        VMW G_CS_AR, 0xC099
        AT_ "read through execute-only CS", read_cs, 0x110000
        GUEST
        bits 32
        vmcall
read:   mov eax, [ebx]
        vmcall
read_byte: mov al, [ebx]
        vmcall
write:  mov [ebx], eax
        vmcall
load_null: xor eax, eax
        mov ds, ax
        mov eax, [ebx]
load_98: mov ax, 0x98
        mov ds, ax
load_ss_code: mov ax, 8
        mov ss, ax
load_ss_ro: mov ax, 0x90
        mov ss, ax
stack:  mov ax, 0x60
        mov ss, ax
        mov esp, 2
        push eax
read_cs: mov eax, [cs:ebx]
        bits 64
