; A small program to begin a lesson with: into VMX operation and out again.
        bits    64
        default rel
        org     100000h

VMXON_REGION    equ 200000h

; What runs before `start` is not shown
        mov     ecx, 3Ah                ; IA32_FEATURE_CONTROL, as firmware leaves it: locked, VMXON allowed
        mov     eax, 5
        xor     edx, edx
        wrmsr
        mov     ecx, 480h               ; IA32_VMX_BASIC: the VMCS revision
        rdmsr
        mov     edi, VMXON_REGION
        mov     [rdi], eax

start:
        mov     rax, cr4
        or      eax, 1 << 13            ; CR4.VMXE
        mov     cr4, rax
        vmxon   [pointer]
        jbe     program_end
        vmxoff
program_end:
        lea     rsi, [goodbye]          ; a run ends when "Shutdown" has been written to port 8900h
        mov     edx, 8900h
        mov     ecx, 8
.next:
        lodsb
        out     dx, al
        loop    .next
        hlt

        align   8
pointer:
        dq      VMXON_REGION
goodbye:
        db      "Shutdown"
