; TITLE: what the host finds after a VM entry that failed while loading guest state
; SDM: "VM-Entry Failures During or After Loading Guest State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        VMW H_FS_BASE, 0x1234
        VMW H_GS_BASE, 0x5678
        VMW H_SYSENTER_CS, 0x77
        VMW H_GS_SEL, 0
        VMW EXIT_INSTR_LEN, 9
        VMW GLA, 0x99
        VMW ENTRY_INTR_INFO, 0x80000030
        mov eax, 0
        mov gs, ax
        mov rax, 0x455
        mov dr7, rax
        sub rsp, 8
        mov qword [g_rbx], 0x77
        CHK "rflags", G_RFLAGS, 0
        mov rax, dr7
        SHOW "dr7", rax
        mov ecx, 0x174
        rdmsr
        SHOW "sysenter cs", rax
        mov ecx, 0xC0000101
        rdmsr
        SHOW "gs base", rax
        SHOWV "entry info", ENTRY_INTR_INFO
        SHOWV "len", EXIT_INSTR_LEN
        SHOWV "gla", GLA
        SHOWV "error", INSTR_ERROR
        SHOW "rbx", rbx
        TRY "vmresume", vmresume
        ENTER "if needed for the interrupt", vmlaunch
        VMW ENTRY_INTR_INFO, 0
        VMW G_RFLAGS, 2
        ENTER "launch", vmlaunch
        SHOWV "rflags saved", G_RFLAGS
        SHOWV "gs sel", G_GS_SEL
        sgdt [SCRATCH]
        SHOW "gdtr", [SCRATCH]
        pushfq
        pop rax
        SHOW "flags", rax
        mov ax, gs
        movzx eax, ax
        SHOW "gs", rax
        GUEST
        vmcall
