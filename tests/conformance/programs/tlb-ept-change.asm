; TITLE: after a change of EPT, INVEPT of either type or INVVPID makes it visible; an EPT violation flushes its page
; SDM: "INVEPT-Invalidate Translations Derived from EPT"; "Operations that Invalidate Cached Mappings"
%include "vmxlab.inc"
PAGE    equ 0x1000000
%macro ROUND 2+                         ; label, flushing instruction
        VMW G_RIP, guest_code
        %2
        ENTER %1, vmresume
        SHOW "read", [g_rbx]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_VPID
        VMW VPID, 7
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        ENTER "fills the TLB", vmlaunch
        SHOW "read", [g_rbx]
        mov qword [EPT_PD + 8*8], 0x12000B7
        mov eax, 1
        ROUND "single-context INVEPT", invept rax, [context]
        mov qword [EPT_PD + 8*8], 0x10000B7
        mov eax, 2
        ROUND "all-context INVEPT", invept rax, [context]
        mov qword [EPT_PD + 8*8], 0x12000B7
        mov eax, 1
        ROUND "INVVPID takes combined mappings", invvpid rax, [tag]
        mov qword [EPT_PD + 8*8], 0x12000B1     ; writes are refused now
        mov eax, 1
        ROUND "read-only", invept rax, [context]
        VMW G_RIP, writes
        ENTER "a write is a violation", vmresume
        mov qword [EPT_PD + 8*8], 0x10000B7     ; more rights and another page: no flush needed after the violation
        ENTER "the violation flushed its page", vmresume
        SHOW "read", [g_rbx]
        SHOW "written", [PAGE + 8]
        GUEST
        mov rbx, [PAGE]
        vmcall
writes: mov qword [PAGE + 8], 0x33
        mov rbx, [PAGE]
        vmcall
        section data
        align 8
context: dq EPT_PML4 + 0x1E, 0
tag:    dq 7, 0
