; TITLE: descriptor-table exiting: each of the eight instructions, its address, and every field of the instruction information
; SDM: "Exit Qualification for Descriptor-Table Accesses"; "Format of the VM-Exit Instruction-Information Field as Used for LIDT, LGDT, SIDT, or SGDT" and "... LLDT, LTR, SLDT, and STR"
%include "vmxlab.inc"
%macro EACH 1-*
%rep %0
        VMW G_RIP, %1
        ENTER "exit", vmresume
%rotate 1
%endrep
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_DESC
        VMW G_FS_BASE, 0x5000
        mov qword [g_rbx], SCRATCH
        mov qword [g_rsi], 8
        mov qword [g_r9], SCRATCH
        mov qword [g_r14], 4
        ENTER "SGDT [disp]", vmlaunch
        TEXT "SGDT [rbx], SIDT [rbx+rsi*4+10h], LGDT [r9+r14*8-80h], LIDT fs:[rbx], SIDT [rip+...], LGDT [ebx]"
        EACH a1, a2, a3, a4, a5, a6
        TEXT "SLDT eax, SLDT r12, STR [rbx], LLDT cx, LLDT [rsi+rbx], LTR r13w, LTR [fs:rbx+8], STR rdx"
        EACH b1, b2, b3, b4, b5, b6, b7, b8
        TEXT "in compatibility mode: SGDT [bx+si], LIDT [eax*2+1234h], o16 LGDT [edi]"
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        EACH c1, c2, c3
        TEXT "SMSW and VERR do not exit"
        VMW G_CS_SEL, 0x18
        VMW G_CS_AR, 0xA09B
        EACH d1
        TEXT "at CPL 3: stores exit, loads fault"
        VMW EXC_BITMAP, 1<<13
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        EACH a1, a3, b4
        TEXT "a bad address: the exit comes first"
        VMW G_CS_SEL, 0x18
        VMW G_CS_AR, 0xA09B
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
        mov rax, 1 << 63
        mov [g_rbx], rax
        EACH a1, b3
        GUEST
        sgdt [SCRATCH]
a1:     sgdt [rbx]
a2:     sidt [rbx+rsi*4+0x10]
a3:     lgdt [r9+r14*8-0x80]
a4:     lidt [fs:rbx]
a5:     sidt [rel SCRATCH]
a6:     lgdt [ebx]
b1:     sldt eax
b2:     sldt r12
b3:     str [rbx]
b4:     lldt cx
b5:     lldt [rsi+rbx]
b6:     ltr r13w
b7:     ltr [fs:rbx+8]
b8:     str rdx
d1:     smsw eax
        mov ax, 0x10
        verr ax
        vmcall
        bits 32
c1:     sgdt [bx+si]
c2:     lidt [eax*2+0x1234]
c3:     o16 lgdt [edi]
        bits 64
