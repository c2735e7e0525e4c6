; TITLE: #VE: which EPT violations become exceptions, what the area says, delivery by the guest's IDT, and when an exit comes instead
; SDM: "Virtualization Exceptions"; "Convertible EPT Violations"
%include "vmxlab.inc"
AREA    equ 0x305000
%macro ROUND 2
        mov eax, 2
        invept rax, [zeros]
        mov qword [AREA], 0
        VMW G_RIP, %2
        VMW G_RSP, GUEST_STACK
        ENTER %1, vmresume
        SHOW "reason and busy", [AREA]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        CTL PROC_CTLS2, S_VE
        VMW VE_INFO, AREA
        VMW EPTP_INDEX, 3
        ENTER "first", vmlaunch
        mov qword [EPT_PD + 8*8], 0x10000B0
        ROUND "an absent page", read
        SHOW "qualification", [AREA + 8]
        SHOW "linear address", [AREA + 16]
        SHOW "guest-physical address", [AREA + 24]
        SHOW "EPTP index", [AREA + 32]
        mov qword [EPT_PD + 8*8], 0x10000B1
        ROUND "a write to a read-only page", write
        SHOW "qualification", [AREA + 8]
        mov rax, 0x10000B0 | 1 << 63
        mov [EPT_PD + 8*8], rax
        ROUND "suppressed in the leaf", read
        mov qword [EPT_PD + 8*8], 0x10000B2
        ROUND "a misconfiguration", read
        mov qword [EPT_PD + 8*8], 0x10000B0
        VMW EXC_BITMAP, 1<<20
        ROUND "intercepted by the bitmap", read
        VMW EXC_BITMAP, 0
        VMW ENTRY_INTR_INFO, 0x80000030
        VMW G_RFLAGS, 0x202
        mov eax, 2
        invept rax, [zeros]
        mov qword [AREA], 0
        VMW G_RSP, 0x1001000
        ENTER "while an event is delivered", vmresume
        SHOW "reason and busy", [AREA]
        VMW G_RFLAGS, 2
        mov eax, 2
        invept rax, [zeros]
        mov rax, 0xFFFFFFFF00000000
        mov [AREA], rax
        VMW G_RIP, read
        VMW G_RSP, GUEST_STACK
        ENTER "the area is busy", vmresume
        VMW VE_INFO, 0x305008
        ENTER "an area that is not aligned", vmresume
        GUEST
        vmcall
read:   mov eax, [0x1000ABC]
        vmcall
write:  mov [0x1000ABC], eax
        vmcall
        section data
        align 8
zeros:  dq 0, 0
