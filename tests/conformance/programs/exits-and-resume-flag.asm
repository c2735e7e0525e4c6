; TITLE: RF of the saved RFLAGS: 0 for instructions, software interrupts and exceptions though the guest was entered with 1; 1 for accesses and faults
; SDM: "Saving RIP, RSP, RFLAGS, and SSP"; "RFLAGS.RF" in "Instruction-Breakpoint Exception Condition"
%include "vmxlab.inc"
%macro WITH_RF 2
        VMW G_RIP, %2
        VMW G_RFLAGS, 0x10002
        VMW G_RSP, GUEST_STACK
        ENTER %1, vmresume
        SHOWV "RFLAGS", G_RFLAGS
%endmacro
CASE
        VMX_ON
        VMCS_STD
        VMW EXC_BITMAP, 1<<1 | 1<<3
        VMW G_RFLAGS, 0x10002
        ENTER "VMCALL", vmlaunch
        SHOWV "RFLAGS", G_RFLAGS
        WITH_RF "INT1", int_1
        WITH_RF "INT3", int_3
        WITH_RF "INT n", int_n
        SHOW "pushed", [GUEST_STACK - 24]
        WITH_RF "after a NOP", after
        USE_EPT
        mov qword [EPT_PD + 8*8], 0
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, access
        VMW G_RFLAGS, 2
        ENTER "EPT violation", vmresume
        SHOWV "RFLAGS", G_RFLAGS
        VMW EXC_BITMAP, 0
        WITH_RF "EPT violation while INT3 is delivered", int_3_far
        VMW G_RFLAGS, 2
        VMW G_RIP, protection
        ENTER "EPT violation while #GP is delivered", vmresume
        SHOWV "RFLAGS", G_RFLAGS
        VMW G_RIP, guest_code           ; of an injected event RF is as the VMCS has it
        VMW G_RFLAGS, 0x10002
        VMW ENTRY_INTR_INFO, 0x80000430
        VMW ENTRY_INSTR_LEN, 2
        ENTER "EPT violation while INT n is injected", vmresume
        SHOWV "RFLAGS", G_RFLAGS
        VMW G_RIP, guest_code
        VMW G_RSP, GUEST_STACK
        VMW ENTRY_INTR_INFO, 0x80000430
        ENTER "INT n is injected", vmresume
        SHOW "pushed", [GUEST_STACK - 24]
        VMW G_RIP, guest_code
        VMW G_RSP, GUEST_STACK
        VMW G_RFLAGS, 2
        VMW ENTRY_INTR_INFO, 0x80000306
        ENTER "#UD is injected", vmresume
        SHOW "pushed", [GUEST_STACK - 24]
        GUEST
        vmcall
int_1:  int1
int_3:  int3
int_n:  int 0x30
after:  nop
        int3
access: mov eax, [0x1000000]
int_3_far: mov esp, 0x1001000
        int3
protection: mov esp, 0x1001000
        mov rax, 1 << 63
        mov rax, [rax]
        section data
        align 8
zeros:  dq 0, 0
