; TITLE: breakpoints of a guest: instruction, data, I/O and single step as exits by #DB; DR6 and CR2 are left, RF and pending state
; SDM: "Exit Qualification for Debug Exceptions"; "Debug Exceptions"; "Saving Non-Register State"
%include "vmxlab.inc"
%macro ROUND 2-3 2                      ; label, RIP, RFLAGS
        VMW G_RIP, %2
        VMW G_RFLAGS, %3
        ENTER %1, vmresume
        SHOWV "pending debug exceptions", G_PENDING_DBG
        VMW G_PENDING_DBG, 0
        VMW G_INTERRUPTIBILITY, 0
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL ENTRY_CTLS, N_LOAD_DEBUG
        CTL EXIT_CTLS, X_SAVE_DEBUG
        mov rax, execute
        mov dr0, rax
        mov eax, SCRATCH
        mov dr1, rax
        mov eax, 0x80
        mov dr2, rax
        mov eax, SCRATCH + 0x100
        mov dr3, rax
        VMW G_DR7, 0xf2d004aa           ; execute; write, 4 bytes; I/O, 1 byte; read or write, 4 bytes
        VMW G_CR4, 0x2028
        VMW EXC_BITMAP, 1<<1
        ENTER "first", vmlaunch
        ROUND "instruction breakpoint", execute
        ROUND "with RF", execute, 0x10002
        ROUND "data write", write
        ROUND "data read of a write breakpoint", read
        ROUND "read or write: read", read_rw
        ROUND "MOV SS puts it off", write_ss
        ROUND "I/O breakpoint", output
        ROUND "single step", step, 0x102
        ROUND "single step and data", write, 0x102
        SHOW "DR6 of the VMM", dr6
        VMW EXC_BITMAP, 0
        ROUND "data write through the guest's IDT", write
        GUEST
        vmcall
execute: nop
        vmcall
write:  mov [SCRATCH], eax
        nop
        vmcall
read:   mov eax, [SCRATCH]
        nop
        vmcall
read_rw: mov eax, [SCRATCH + 0x100]
        nop
        vmcall
write_ss: mov ecx, 0x10
        mov ss, ecx
        mov [SCRATCH], eax
        nop
        vmcall
output: out 0x80, al
        nop
        vmcall
step:   nop
        vmcall
