; TITLE: string instructions and EPT: what is done before the violation stays done, registers and RIP tell how far
; SDM: "EPT Violations"; "Instruction Reference" (REP)
%include "vmxlab.inc"
EDGE    equ 0x1200000                   ; the page above is absent
%macro STRING 3-4 0x400                 ; label, guest RIP, RDI and RSI
        VMW G_RIP, %2
        mov qword [g_rdi], %3
        mov qword [g_rsi], %4
        mov qword [g_rcx], 4
        mov qword [g_rax], 0x7777
        mov qword [g_rdx], 0xE9
        ENTER %1, vmresume
        SHOW "RCX", [g_rcx]
        SHOW "RSI", [g_rsi]
        SHOW "RDI", [g_rdi]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        ENTER "first", vmlaunch
        mov qword [EPT_PD + 9*8], 0
        mov eax, 2
        invept rax, [zeros]
        STRING "REP MOVSB to", rep_movs, EDGE - 2
        SHOW "written", [EDGE - 8]
        STRING "REP MOVSB from", rep_movs, 0x1000000, EDGE - 2
        STRING "REP STOSD across", rep_stos, EDGE - 6
        SHOW "written", [EDGE - 8]
        STRING "REP LODSQ", rep_lods, 0, EDGE - 16
        STRING "REPE CMPSB", rep_cmps, EDGE - 2, EDGE - 4
        STRING "REPNE SCASB", rep_scas, EDGE - 3
        STRING "MOVSQ across", movsq_, EDGE - 4
        STRING "backwards", backwards, EDGE - 4, EDGE
        SHOWV "RFLAGS", G_RFLAGS
        VMW G_RFLAGS, 2
        CTL PROC_CTLS, P_UNCOND_IO
        STRING "OUTSB from the absent page", outs_, 0, EDGE
        SHOWV "linear address", GLA
        CLR PROC_CTLS, P_UNCOND_IO
        STRING "OUTSB without I/O exiting", outs_, 0, EDGE
        STRING "INSB without I/O exiting", ins_, EDGE
        GUEST
        vmcall
rep_movs: rep movsb
rep_stos: rep stosd
rep_lods: rep lodsq
rep_cmps: repe cmpsb
rep_scas: repne scasb
movsq_: movsq
backwards: std
        rep movsb
outs_:  outsb
ins_:   insb
        section data
        align 8
zeros:  dq 0, 0
