; TITLE: a guest's TSC is the product of the VMM's with the multiplier, plus the offset, by every way to read it
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation" (RDTSC, RDTSCP, RDMSR); "Time-Stamp Counter Offset and Multiplier"
%include "vmxlab.inc"
; Only the high parts are shown: the VMM sets its TSC to 2^40 and the run takes far less than 2^36 ticks.
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY | P_MSRBITMAP
        VMW PROC_CTLS2, S_RDTSCP
        mov ecx, 0xC0000103             ; IA32_TSC_AUX
        mov eax, 0x77
        xor edx, edx
        wrmsr
%macro ROUND 1
        mov ecx, 0x10
        xor eax, eax
        mov edx, 0x100
        wrmsr
        VMW G_RIP, guest_code
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        ENTER %1, vmlaunch
        SHOW "RDTSC", [g_rbx]
        SHOW "RDTSCP", [g_rsi]
        SHOW "RDMSR", [g_rdi]
%endmacro
        ROUND "neither"
        SHOW "TSC_AUX", [g_r8]
        VMW TSC_OFFSET, 0x30 << 40
        ROUND "an offset without its control"
        CTL PROC_CTLS, P_TSCOFF
        ROUND "an offset"
        mov rax, -(1 << 39)
        VMW TSC_OFFSET, rax
        ROUND "a negative offset"
        VMW TSC_OFFSET, 0
        VMW PROC_CTLS2, S_RDTSCP | S_TSCSCALE
        mov rax, 3 << 48
        VMW TSC_MULTIPLIER, rax
        ROUND "three times"
        mov rax, 1 << 47
        VMW TSC_MULTIPLIER, rax
        ROUND "half"
        VMW TSC_OFFSET, 0x30 << 40
        ROUND "half, then the offset"
        CLR PROC_CTLS, P_TSCOFF
        ROUND "a multiplier without the control for offsets"
        GUEST
%macro HIGH 1                           ; the TSC by 2^36
        shl rdx, 32
        or rdx, rax
        shr rdx, 36
        mov %1, rdx
%endmacro
        rdtsc
        HIGH rbx
        rdtscp
        mov r8d, ecx
        HIGH rsi
        mov ecx, 0x10
        rdmsr
        HIGH rdi
        vmcall
