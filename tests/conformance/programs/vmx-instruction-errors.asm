; TITLE: errors 9, 10, 15, 26 and 28 with and without a current VMCS; VMLAUNCH and VMRESUME in a guest exit
; SDM: VMX Instruction Reference; VM Instruction Error Numbers
%include "vmxlab.inc"
CASE
        VMX_ON
        mov eax, 9
        TRY "invept, no such type, no current VMCS", invept rax, [descriptor]
        TRY "invvpid, no such type, no current VMCS", invvpid rax, [descriptor]
        TRY "vmxon in root operation, no current VMCS", vmxon [p_vmxon]
        TRY "vmptrld of a misaligned address, no current VMCS", vmptrld [odd]
        TRY "vmptrld of the VMXON region, no current VMCS", vmptrld [p_vmxon]
        TRY "vmlaunch, no current VMCS", vmlaunch
        TRY "vmresume, no current VMCS", vmresume
        TRY "vmcall, no current VMCS", vmcall
        VMCS_STD
        TRY "vmptrld of a misaligned address", vmptrld [odd]
        TRY "vmptrld beyond the physical-address width", vmptrld [far_away]
        TRY "vmptrld of the VMXON region", vmptrld [p_vmxon]
        TRY "vmxon in root operation", vmxon [p_vmxon]
        mov eax, 9
        TRY "invept, no such type", invept rax, [descriptor]
        TRY "invvpid, no such type", invvpid rax, [descriptor]
        TRY "vmlaunch under blocking by MOV SS", call blocked_launch
        TRY "vmresume under blocking by MOV SS, launch state clear", call blocked_resume
        ENTER "vmlaunch in a guest", vmlaunch
        NEXT
        ENTER "vmresume in a guest", vmresume
        TRY "vmlaunch under blocking by MOV SS, launch state launched", call blocked_launch
        TRY "vmresume under blocking by MOV SS", call blocked_resume
        VMW H_RIP, 1 << 47
        TRY "vmresume with a bad host state", vmresume
        DONE
blocked_launch:
        mov dx, ss
        mov ss, dx
        vmlaunch
        ret
blocked_resume:
        mov dx, ss
        mov ss, dx
        vmresume
        ret
        align 16
descriptor: dq 0, 0
odd:    dq VMCS_A + 8
far_away: dq 1 << 45
        GUEST
        vmlaunch
        vmresume
