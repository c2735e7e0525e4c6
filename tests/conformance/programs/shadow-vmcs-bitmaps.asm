; TITLE: VMCS shadowing: the bitmaps say by encoding which VMREAD and VMWRITE of a guest exit; others act on the shadow VMCS
; SDM: "VMCS Shadowing Bitmap Addresses"; "VMREAD-Read Field from Virtual-Machine Control Structure"; "VMWRITE-Write Field to Virtual-Machine Control Structure"
%include "vmxlab.inc"
SHADOW  equ 0x20D000
READS   equ 0x20E000
WRITES  equ 0x20F000
%macro READ 2                           ; label, encoding
        mov rax, %2
        mov [g_rcx], rax
        mov qword [g_rax], 0xAAAA
        VMW G_RIP, read
        ENTER %1, vmresume
        SHOW "RAX", [g_rax]
        SHOWV "RFLAGS", G_RFLAGS
%endmacro
%macro WRITE 3                          ; label, encoding, value
        mov rax, %2
        mov [g_rcx], rax
        mov qword [g_rax], %3
        VMW G_RIP, write
        ENTER %1, vmresume
        SHOWV "RFLAGS", G_RFLAGS
%endmacro
CASE
        VMX_ON
        mov eax, [VMCS_A]
        mov [SHADOW], eax               ; VMCLEAR as an ordinary one, then mark it as shadow
        vmclear [p_shadow]
        or byte [SHADOW + 3], 0x80
        vmptrld [p_shadow]
        VMW G_RIP, 0x1234
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_SHADOW
        VMW VMREAD_BITMAP, READS
        VMW VMWRITE_BITMAP, WRITES
        VMW LINK_PTR, SHADOW
        ENTER "first", vmlaunch
        READ "guest RIP of the shadow", G_RIP
        WRITE "write it", G_RIP, 0x5678
        READ "read it back", G_RIP
        or byte [READS + G_RIP/8], 1 << (G_RIP & 7)
        or byte [WRITES + G_RIP/8], 1 << (G_RIP & 7)
        READ "the read bitmap", G_RIP
        WRITE "the write bitmap", G_RIP, 1
        READ "an encoding above 15 bits exits", 0x8000
        READ "an encoding above 32 bits exits", 1 << 40
        READ "no such field: VMfail in the guest", 0x0FFE
        WRITE "a read-only field, allowed here", EXIT_REASON, 5
        READ "the high half of a field", TSC_OFFSET + 1
        VMW LINK_PTR, -1
        READ "no shadow VMCS: VMfailInvalid", G_RSP
        VMW LINK_PTR, SHADOW
        VMW EXC_BITMAP, 1<<13
        VMW G_RFLAGS, 2
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        READ "at CPL 3", G_RSP
        READ "at CPL 3, in the bitmap", G_RIP
        GUEST
        vmcall
read:   vmread rax, rcx
        vmcall
write:  vmwrite rcx, rax
        vmcall
        section data
        align 8
p_shadow: dq SHADOW
