; TITLE: read-modify-write of a page that EPT makes read-only, write-protected or absent: one violation, nothing changed
; SDM: "EPT Violations"; "Exit Qualification for EPT Violations"
%include "vmxlab.inc"
PAGE    equ 0x1000000
%macro FORMS 2                          ; text, entry
        TEXT %1
        mov qword [EPT_PD + 8*8], %2
        mov eax, 2
        invept rax, [zeros]
        mov rsi, forms
%%next: mov rax, [rsi]
        test rax, rax
        jz %%done
        VMW G_RIP, rax
        add rsi, 8
        ENTER "instruction", vmresume
        jmp %%next
%%done: SHOW "memory", [PAGE]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        mov dword [PAGE], 0x1111
        mov qword [g_rbx], PAGE
        mov qword [g_rax], 0x1111
        ENTER "first", vmlaunch
        FORMS "absent", 0x10000B0
        FORMS "read-only", 0x10000B1
        FORMS "read and execute", 0x10000B5
        GUEST
        nop
        vmcall
f1:     mov ecx, [rbx]
        vmcall
f2:     mov [rbx], ecx
        vmcall
f3:     cmp [rbx], ecx
        vmcall
f4:     test [rbx], ecx
        vmcall
        section guest2
f5:     add dword [rbx], 1
f6:     lock inc dword [rbx]
f7:     xchg [rbx], ecx
f8:     lock cmpxchg [rbx], ecx
f9:     lock xadd [rbx], ecx
f10:    bts dword [rbx], 3
f11:    shl dword [rbx], 1
f12:    not dword [rbx]
f13:    cmpxchg8b [rbx]
f14:    setc [rbx]
f15:    mov rsi, rbx
        mov rdi, rbx
        movsd
        section data
        align 8
zeros:  dq 0, 0
forms:  dq f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, 0
