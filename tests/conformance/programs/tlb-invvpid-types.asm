; TITLE: after a change of the guest's tables by the VMM each INVVPID type makes the new translation visible
; SDM: "INVVPID-Invalidate Translations Based on VPID"; "Operations that Invalidate Cached Mappings"
%include "vmxlab.inc"
PAGE    equ 0x1000000
PDE     equ 0x302000 + 8*8
%macro TABLES 0
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
%endmacro
%macro ROUND 3                          ; label, new entry, INVVPID type
        mov qword [PDE], %2
        mov eax, %3
        invvpid rax, [descriptor]
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOW "read", [g_rbx]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        TABLES
        mov qword [PAGE], 0x1111
        mov qword [PAGE + 0x200000], 0x2222
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID
        VMW VPID, 9
        VMW G_CR3, 0x300000
        ENTER "fills the TLB", vmlaunch
        SHOW "read", [g_rbx]
        ROUND "individual address", 0x1200087, 0
        ROUND "single context", 0x1000087, 1
        ROUND "all contexts", 0x1200087, 2
        ROUND "single context, retaining globals", 0x1000087, 3
        VMW G_CR4, 0x20A0               ; global pages: type 3 may keep them, type 1 may not
        ROUND "now global", 0x1000187, 1
        ROUND "single context takes globals", 0x1200187, 1
        ROUND "all contexts takes globals", 0x1000187, 2
        mov qword [descriptor + 8], PAGE + 0x123456
        ROUND "any address of the large page", 0x1200187, 0
        GUEST
        mov rbx, [PAGE]
        vmcall
        section data
        align 8
descriptor: dq 9, PAGE
