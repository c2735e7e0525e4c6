; TITLE: instruction information and displacement of VMX instructions with memory operands
; SDM: "VM-Exit Instruction Information"
%include "vmxlab.inc"
%macro EX 1
        ENTER %1, vmresume
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, 4 | S_RDRAND | S_RDSEED
        ENTER "sgdt", vmlaunch
        SHOWV "info", EXIT_INSTR_INFO
        NEXT
        EX "sidt"
        EX "lgdt"
        EX "lidt"
        EX "sldt ax"
        EX "sldt [mem]"
        EX "str r9d"
        EX "str [mem]"
        EX "lldt cx"
        EX "lldt [mem]"
        EX "ltr r10w"
        EX "ltr [mem]"
        EX "vmread"
        EX "vmread mem"
        EX "vmwrite"
        EX "vmwrite mem"
        EX "vmptrld"
        EX "vmptrst"
        EX "vmclear rip"
        EX "vmxon fs"
        EX "invept"
        EX "invvpid"
        EX "vmclear ebx"
        EX "vmclear neg"
        EX "vmclear ebx neg"
        EX "rdrand cx"
        EX "rdrand ecx"
        EX "rdrand rcx"
        EX "rdseed r15w"
        EX "vmclear r12"
        EX "vmclear r13"
        EX "vmclear rsp"
        EX "vmclear rbp"
        EX "vmclear abs"
        EX "vmclear idx"
        GUEST
        sgdt [rbx+rcx*4+0x10]
        sidt [rsp+8]
        lgdt [rbp-8]
        lidt [r12+r9*8]
        sldt ax
        sldt [rax]
        str r9d
        str [gs:rax+4]
        lldt cx
        lldt [es:rsi]
        ltr r10w
        ltr [rdi+0x1000]
        vmread rdx, r11
        vmread [rbx+8], r11
        vmwrite r12, rbx
        vmwrite r12, [rcx+0x123456]
        vmptrld [rbx]
        vmptrst [rsi+rdi*2-0x40]
        vmclear [rel guest_code]
        vmxon [fs:0x40]
        invept r8, [rbx-16]
        invvpid r9, [r10*2+0x80000000-0x100]
        vmclear [ebx+4]
        vmclear [rbx-4]
        vmclear [ebx-4]
        rdrand cx
        rdrand ecx
        rdrand rcx
        rdseed r15w
        vmclear [r12]
        vmclear [r13]
        vmclear [rsp]
        vmclear [rbp]
        vmclear [0x1234]
        vmclear [rax*8+0x1000]
