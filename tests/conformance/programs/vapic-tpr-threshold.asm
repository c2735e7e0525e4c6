; TITLE: TPR shadow: every way to lower the virtual TPR below the threshold exits after the instruction (43); raising it does not
; SDM: "TPR Virtualization"; "VM Exits Induced by the TPR Threshold"
%include "vmxlab.inc"
%macro ROUND 3                          ; label, guest RIP, virtual TPR before
        mov dword [VAPIC + 0x80], %3
        VMW G_RIP, %2
        ENTER %1, vmresume
        SHOW "VTPR", [VAPIC + 0x80]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_TPR | P_SECONDARY | P_MSRBITMAP
        VMW VAPIC_ADDR, VAPIC
        VMW TPR_THRESHOLD, 4
        mov dword [VAPIC + 0x80], 0x40
        ENTER "at the threshold", vmlaunch
        ROUND "MOV to CR8: equal", equal, 0x80
        ROUND "MOV to CR8: below", below, 0x80
        ROUND "MOV to CR8: above", above, 0x40
        ROUND "low bits do not count", above, 0x4F
        VMW TPR_THRESHOLD, 0
        ROUND "threshold 0", below, 0x80
        ROUND "MOV from CR8", read, 0x73
        SHOW "read", [g_rax]
        VMW EXC_BITMAP, 1<<13
        ROUND "reserved bits of CR8", bad, 0x80
        VMW PROC_CTLS2, S_X2APIC
        VMW TPR_THRESHOLD, 4
        ROUND "WRMSR 808h: below", wrmsr_below, 0x80
        ROUND "WRMSR 808h: reserved bits", wrmsr_bad, 0x80
        VMW TPR_THRESHOLD, 9
        mov dword [VAPIC + 0x80], 0x80
        VMW G_RIP, guest_code
        ENTER "below at entry, x2APIC mode", vmresume
        VMW PROC_CTLS2, 0
        ENTER "below at entry, no APIC-access virtualization", vmresume
        VMW TPR_THRESHOLD, 0x10
        mov dword [VAPIC + 0x80], 0xF0
        ENTER "threshold above 15", vmresume
        CTL PROC_CTLS, P_CR8LOAD | P_CR8STORE
        VMW TPR_THRESHOLD, 0
        ROUND "CR8-load exiting comes first", below, 0x80
        ROUND "CR8-store exiting comes first", read, 0x80
        GUEST
        vmcall
equal:  mov eax, 4
        mov cr8, rax
        vmcall
below:  mov eax, 3
        mov cr8, rax
        nop
        vmcall
above:  mov eax, 5
        mov cr8, rax
        vmcall
read:   mov rax, cr8
        vmcall
bad:    mov eax, 0x10
        mov cr8, rax
wrmsr_below: mov ecx, 0x808
        mov eax, 0x3F
        xor edx, edx
        wrmsr
        nop
        vmcall
wrmsr_bad: mov ecx, 0x808
        mov eax, 0x100
        xor edx, edx
        wrmsr
