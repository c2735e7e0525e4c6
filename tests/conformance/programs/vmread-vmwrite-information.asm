; TITLE: VMREAD, VMWRITE, VMPTRLD, VMCLEAR, VMXON, INVEPT of a guest: qualification (displacement) and instruction information
; SDM: "Format of the VM-Exit Instruction-Information Field as Used for VMREAD and VMWRITE"; "... for VMCLEAR, VMPTRLD, VMPTRST, VMXON"; "... for INVEPT, INVPCID, and INVVPID"
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
        VMW EXC_BITMAP, 1<<6 | 1<<13
        mov qword [g_rbx], SCRATCH
        ENTER "VMREAD rax, rcx", vmlaunch
        TEXT "VMREAD [rbx], r15; VMREAD [rbx+rsi*8-1], rdx; VMREAD r8, r9; VMREAD [gs:disp], rax"
        EACH a1, a2, a3, a4
        TEXT "VMWRITE rcx, rax; VMWRITE r10, [rbp+40h]; VMWRITE rdx, [rip]; VMWRITE r12, r13"
        EACH b1, b2, b3, b4
        TEXT "VMPTRLD [rbx+100h], VMPTRST [r11], VMCLEAR [rsp], VMXON [es:rsi]"
        EACH c1, c2, c3, c4
        TEXT "INVEPT r14, [rbx]; INVVPID rax, [rcx*4+7FFFFFFFh]"
        EACH d1, d2
        TEXT "VMCALL, VMLAUNCH, VMRESUME, VMXOFF"
        EACH e1, e2, e3, e4
        TEXT "in compatibility mode: #UD comes first, VMCALL exits"
        VMW G_CS_SEL, 8
        VMW G_CS_AR, 0xC09B
        EACH a1, c1, e2, e1
        GUEST
        vmread rax, rcx
a1:     vmread [rbx], r15
a2:     vmread [rbx+rsi*8-1], rdx
a3:     vmread r8, r9
a4:     vmread [gs:SCRATCH], rax
b1:     vmwrite rcx, rax
b2:     vmwrite r10, [rbp+0x40]
b3:     vmwrite rdx, [rel SCRATCH]
b4:     vmwrite r12, r13
c1:     vmptrld [rbx+0x100]
c2:     vmptrst [r11]
c3:     vmclear [rsp]
c4:     vmxon [es:rsi]
d1:     invept r14, [rbx]
d2:     invvpid rax, [rcx*4+0x7FFFFFFF]
e1:     vmcall
e2:     vmlaunch
e3:     vmresume
e4:     vmxoff
