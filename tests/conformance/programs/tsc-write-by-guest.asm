; TITLE: WRMSR of IA32_TIME_STAMP_COUNTER by a guest writes the TSC itself; offset and multiplier change reads only
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation" (WRMSR)
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_MSRBITMAP | P_TSCOFF
        VMW TSC_OFFSET, 0x30 << 40
        ENTER "writes 5 x 2^40", vmlaunch
        SHOW "the guest reads", [g_rbx]
        rdtsc
        shr edx, 8
        SHOW "the VMM reads", rdx
        CLR PROC_CTLS, P_MSRBITMAP
        VMW G_RIP, guest_code
        ENTER "without the bitmap", vmresume
        SHOW "ECX", [g_rcx]
        CTL PROC_CTLS, P_RDTSC
        NEXT
        ENTER "RDTSC exiting", vmresume
        CLR PROC_CTLS, P_RDTSC
        VMW G_CR4, 0x2024               ; CR4.TSD
        VMW EXC_BITMAP, 1<<13
        ENTER "CR4.TSD at CPL 0", vmresume
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
        VMW G_RIP, read
        CTL PROC_CTLS, P_RDTSC
        ENTER "CR4.TSD at CPL 3, with RDTSC exiting", vmresume
        GUEST
        mov ecx, 0x10
        xor eax, eax
        mov edx, 0x500
        wrmsr
read:   rdtsc
        shr edx, 8
        mov ebx, edx
        vmcall
