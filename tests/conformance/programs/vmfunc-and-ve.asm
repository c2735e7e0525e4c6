; TITLE: EPTP switching and virtualization exceptions
; SDM: "EPTP Switching"; "Virtualization Exceptions"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_VMFUNC
        VMW VMFUNC_CTLS, 1
        VMW EPTP_LIST, 0x300000
        ; second EPT: same but 16 MiB maps to 18 MiB
        mov rsi, EPT_PML4
        mov rdi, 0x301000
        mov ecx, 512*3
        rep movsq
        mov qword [0x301000], 0x302000+7
        mov qword [0x302000], 0x303000+7
        mov qword [0x303000+8*8], 0x1200000 + 0xB7
        mov qword [0x300000], EPT_PML4 + 0x1E
        mov qword [0x300008], 0x301000 + 0x1E
        mov qword [0x300010], 0x301000 + 0x19
        mov qword [0x1000000], 0x1111
        mov qword [0x1200000], 0x2222
        ENTER "switch", vmlaunch
        SHOW "before", [g_rbx]
        SHOW "after", [g_rsi]
        SHOWV "eptp", EPTP
        NEXT
        ENTER "bad eptp", vmresume
        NEXT
        ENTER "index 512", vmresume
        CTL PROC_CTLS2, 1<<18
        VMW 0x202A, 0x305000
        VMW EPTP, EPT_PML4 + 0x1E
        mov qword [EPT_PD + 8*8], 0
        VMW 4, 7
        VMW G_RIP, g2
        ENTER "#VE", vmresume
        SHOW "reason", [0x305000]
        SHOW "qual", [0x305008]
        SHOW "gla", [0x305010]
        SHOW "gpa", [0x305018]
        SHOW "index", [0x305020]
        VMW G_RIP, g2
        ENTER "busy", vmresume
        mov qword [0x305000], 0
        mov rax, 1<<63
        mov [EPT_PD + 8*8], rax
        VMW G_RIP, g2
        ENTER "suppressed", vmresume
        mov qword [EPT_PD + 8*8], 0
        VMW EXC_BITMAP, 1<<20
        VMW G_RIP, g2
        ENTER "#VE intercepted", vmresume
        SHOW "reason", [0x305000]
        GUEST
        mov rbx, [0x1000000]
        xor eax, eax
        mov ecx, 1
        vmfunc
        mov rsi, [0x1000000]
        vmcall
        mov ecx, 2
        vmfunc
        mov ecx, 512
        vmfunc
g2:     mov rdx, [0x1000ABC]
        vmcall
