; TITLE: IA32_DEBUGCTL.BTF over VM entries and exits: loaded, saved, cleared, and with pending debug exceptions
; SDM: "Single-Stepping on Branches"; "Loading Guest Control Registers, Debug Registers, and MSRs"; "Loading Host Control Registers, Debug Registers, MSRs"; "Checks on Guest Non-Register State"
%include "vmxlab.inc"
%macro GO 4                             ; label, RIP, RFLAGS, DEBUGCTL
        VMW G_RIP, %2
        VMW G_RFLAGS, %3
        VMW G_DEBUGCTL, %4
        VMW G_PENDING_DBG, 0
        VMW G_INTERRUPTIBILITY, 0
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL ENTRY_CTLS, 4
        CTL EXIT_CTLS, 4
        VMW EXC_BITMAP, 2
        VMW G_RFLAGS, 0x102
        VMW G_DEBUGCTL, 2
        ENTER "to the branch", vmlaunch
        SHOWV "saved", G_DEBUGCTL
        SHOWV "pending", G_PENDING_DBG
        mov ecx, 0x1D9
        mov eax, -1
        TRY "the VMM's", rdmsr
        SHOW "EAX", rax
        GO "every instruction", guest_code, 0x102, 0
        GO "no branch", straight, 0x102, 2
        SHOWV "pending", G_PENDING_DBG
        SHOWV "saved", G_DEBUGCTL
        VMW EXC_BITMAP, 0
        GO "delivered", guest_code, 0x102, 2
        SHOWV "saved", G_DEBUGCTL
        NEXT
        ENTER "then every instruction", vmresume
        VMW EXC_BITMAP, 2
        CLR EXIT_CTLS, 4
        GO "not saved", guest_code, 0x102, 2
        SHOWV "the field", G_DEBUGCTL
        mov ecx, 0x1D9
        mov eax, -1
        TRY "the VMM's", rdmsr
        SHOW "EAX", rax
        CLR ENTRY_CTLS, 4
        GO "not loaded", guest_code, 0x102, 2
        mov ecx, 0x1D9
        mov eax, 2
        xor edx, edx
        TRY "the VMM sets BTF", wrmsr
        GO "the VMM's BTF", guest_code, 0x102, 0
        mov eax, -1
        TRY "the VMM's", rdmsr
        SHOW "EAX", rax
        CTL ENTRY_CTLS, 4
        VMW G_RIP, guest_code
        VMW G_RFLAGS, 0x102
        VMW G_DEBUGCTL, 2
        VMW G_PENDING_DBG, 0x4000
        ENTER "BS pending at the entry", vmresume
        VMW G_PENDING_DBG, 0
        VMW G_INTERRUPTIBILITY, 2
        ENTER "blocking by MOV SS, BS = 0", vmresume
        VMW G_RIP, guest_code
        VMW G_PENDING_DBG, 0x4000
        VMW G_INTERRUPTIBILITY, 2
        ENTER "blocking by MOV SS, BS = 1", vmresume
        VMW G_DEBUGCTL, 0
        VMW G_PENDING_DBG, 0
        ENTER "BTF = 0, BS = 0", vmresume
        GUEST
        nop
        nop
        jmp .a
        nop
.a:     nop
        vmcall
straight: nop
        cpuid
