; TITLE: VMFUNC switches EPT without flushing: each EPTP has its translations; accessed and dirty flags may differ; refusals exit
; SDM: "EPTP Switching"; "VM Functions"
%include "vmxlab.inc"
PAGE    equ 0x1000000
LIST    equ 0x300000
SECOND  equ 0x301000
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_VMFUNC | S_VPID
        VMW VPID, 1
        VMW VMFUNC_CTLS, 1
        VMW EPTP_LIST, LIST
        mov rsi, EPT_PML4
        mov rdi, SECOND
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [SECOND], SECOND + 0x1007
        mov qword [SECOND + 0x1000], SECOND + 0x2007
        mov qword [SECOND + 0x2000 + 8*8], 0x12000B7
        mov qword [LIST], EPT_PML4 + 0x1E
        mov qword [LIST + 8], SECOND + 0x5E
        mov qword [LIST + 16], SECOND + 0x1F
        mov qword [LIST + 24], SECOND + 0x26
        mov rax, (1 << 41) | 0x1E
        mov [LIST + 32], rax
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        ENTER "there and back", vmlaunch
        SHOW "first", [g_rbx]
        SHOW "second", [g_rsi]
        SHOW "first again", [g_rdi]
        SHOW "second's entry: accessed", [SECOND + 0x2000 + 8*8]
        SHOWV "EPTP", EPTP
%macro BAD 2
        VMW G_RIP, switch
        mov rax, %2
        mov [g_rcx], rax
        mov qword [g_rax], 0
        ENTER %1, vmresume
        SHOWV "EPTP", EPTP
%endmacro
        BAD "memory type 7", 2
        BAD "walk length 5", 3
        BAD "beyond the width", 4
        BAD "an empty entry", 5
        BAD "index 512", 512
        BAD "ECX is 32 bits wide: index 0", 1 << 32
        VMW G_RIP, switch
        mov qword [g_rax], 1
        ENTER "function 1", vmresume
        VMW G_RIP, switch
        mov qword [g_rax], 64
        VMW EXC_BITMAP, 1<<6
        ENTER "function 64", vmresume
        VMW VMFUNC_CTLS, 0
        VMW G_RIP, switch
        mov qword [g_rax], 0
        ENTER "function 0 not allowed", vmresume
        CLR PROC_CTLS2, S_VMFUNC
        ENTER "no VM functions", vmresume
        TRY "in root operation", vmfunc
        GUEST
        mov rbx, [PAGE]
        xor eax, eax
        mov ecx, 1
        vmfunc
        mov rsi, [PAGE]
        xor ecx, ecx
        vmfunc
        mov rdi, [PAGE]
        vmcall
switch: vmfunc
        vmcall
