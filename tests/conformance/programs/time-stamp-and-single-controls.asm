; TITLE: TSC offset and RDTSCP; the controls of one instruction each
; SDM: "Changes to Instruction Behavior in VMX Non-Root Operation" (RDTSC); "Instructions That Cause VM Exits Conditionally"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_TSCOFF | P_SECONDARY | P_MSRBITMAP
        VMW PROC_CTLS2, S_RDTSCP
        VMW TSC_OFFSET, 1<<60
        ENTER "offset", vmlaunch
        SHOW "rdtsc top", [g_rbx]
        SHOW "rdtscp top", [g_rsi]
        SHOW "rdmsr top", [g_rdi]
        VMW EXC_BITMAP, 1<<6
        VMW PROC_CTLS2, 0
        VMW G_RIP, g2
        ENTER "rdtscp off", vmresume
        VMW G_RIP, g3
        ENTER "rdpid off", vmresume
        VMW PROC_CTLS2, S_RDTSCP
        CTL PROC_CTLS, P_RDTSC
        VMW G_RIP, g2
        ENTER "rdtscp exiting", vmresume
        VMW G_RIP, guest_code
        ENTER "rdtsc exiting", vmresume
        CTL PROC_CTLS, P_RDPMC
        VMW G_RIP, g4
        ENTER "rdpmc exiting", vmresume
        VMW G_RIP, g5
        ENTER "wbinvd", vmresume
        VMW PROC_CTLS2, S_WBINVD
        VMW G_RIP, g5
        ENTER "wbinvd exiting", vmresume
        VMW G_RIP, g6
        ENTER "invd", vmresume
        NEXT
        ENTER "xsetbv, osxsave off", vmresume
        VMW G_CR4, 0x42020
        ENTER "xsetbv", vmresume
        CLR PROC_CTLS, P_RDTSC
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, 1<<25
        mov rax, 0x1000000000000
        VMW 0x2032, rax
        VMW TSC_OFFSET, 1<<59
        VMW G_RIP, guest_code
        VMW EXC_BITMAP, 0
        VMW PROC_CTLS2, 1<<25 | S_RDTSCP
        ENTER "scaled", vmresume
        SHOW "rdtsc top", [g_rbx]
        GUEST
        rdtsc
        shr edx, 16
        mov ebx, edx
        rdtscp
        shr edx, 16
        mov esi, edx
        mov ecx, 0x10
        rdmsr
        shr edx, 16
        mov edi, edx
        vmcall
g2:     rdtscp
g3:     rdpid rax
g4:     xor ecx, ecx
        rdpmc
g5:     wbinvd
        vmcall
g6:     invd
        xor ecx, ecx
        mov eax, 1
        xor edx, edx
        xsetbv
