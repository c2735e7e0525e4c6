; TITLE: WP, NX, SMEP and SMAP in a guest: which accesses fault, with which error code; AC and implicit accesses
; SDM: "Determination of Access Rights"; "Page-Fault Exceptions"
%include "vmxlab.inc"
%macro ROUND 4-5 2                      ; label, RIP, CR0, CR4, RFLAGS
        VMW G_CR0, %3
        VMW G_CR4, %4
        VMW G_RFLAGS, %5
        VMW G_RIP, %2
        ENTER %1, vmresume
%endmacro
%macro CPL 1
%if %1
        VMW G_CS_SEL, 0x2B
        VMW G_CS_AR, 0xA0FB
        VMW G_SS_SEL, 0x23
        VMW G_SS_AR, 0xC0F3
%else
        VMW G_CS_SEL, 0x18
        VMW G_CS_AR, 0xA09B
        VMW G_SS_SEL, 0x10
        VMW G_SS_AR, 0xC093
%endif
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [0x302000], 0x83              ; below 2 MiB: of the supervisor
        mov qword [0x302008], 0x200083
        mov qword [0x302000 + 8*8], 0x1000085   ; 16 MiB: user, read-only
        mov qword [0x302000 + 8*9], 0x1200081   ; 18 MiB: supervisor, read-only
        mov rax, 0x1400087 | 1 << 63
        mov [0x302000 + 8*10], rax              ; 20 MiB: user, no-execute
        mov qword [0x302000 + 8*11], 0x1600087  ; 22 MiB: user
        mov dword [0x1600000], 0xC1010F         ; VMCALL in each
        mov dword [0x1400000], 0xC1010F
        mov dword [0x1000000], 0xC1010F
        CTL ENTRY_CTLS, N_LOAD_EFER
        CTL EXIT_CTLS, X_LOAD_EFER
        VMW H_EFER, 0x500
        VMW G_EFER, 0xD00
        VMW G_CR3, 0x300000
        VMW EXC_BITMAP, 1<<14
        ENTER "first", vmlaunch
        TEXT "WP"
        ROUND "0, a write to read-only of the user", write_16, 0x80000031, 0x2020
        ROUND "1", write_16, 0x80010031, 0x2020
        ROUND "1, a write to read-only of the supervisor", write_18, 0x80010031, 0x2020
        TEXT "NX"
        ROUND "a fetch", jump_20, 0x80000031, 0x2020
        VMW G_EFER, 0x500
        ROUND "NXE = 0: a reserved bit", jump_20, 0x80000031, 0x2020
        VMW G_EFER, 0xD00
        TEXT "SMEP"
        ROUND "a fetch from a page of the user, SMEP = 0", jump_22, 0x80000031, 0x2020
        ROUND "SMEP = 1", jump_22, 0x80000031, 0x102020
        TEXT "SMAP"
        ROUND "a read of a page of the user", read_22, 0x80000031, 0x202020
        ROUND "with AC", read_22, 0x80000031, 0x202020, 0x40002
        ROUND "a write", write_22, 0x80000031, 0x202020
        ROUND "STAC and CLAC", stac_, 0x80000031, 0x202020
        ROUND "a supervisor's page", read_18, 0x80000031, 0x202020
        mov qword [0x302008], 0x200087          ; where the guest's own TSS and stack lie: user
        mov rsi, gdt                            ; a GDT in a page of the user
        mov rdi, 0x1600100
        mov ecx, 8
        rep movsq
        VMW G_GDTR_BASE, 0x1600100
        ROUND "an implicit access (to the GDT) with AC", lldt_, 0x80000031, 0x202020, 0x40002
        VMW G_GDTR_BASE, gdt
        TEXT "CPL 3"
        CPL 3
        ROUND "in a page of the user, SMEP and SMAP", 0x1600000, 0x80000031, 0x302020
        ROUND "in a page of the supervisor", read_18, 0x80000031, 0x2020
        ROUND "no-execute", 0x1400000, 0x80000031, 0x2020
        GUEST
        vmcall
write_16: mov [0x1000100], eax
        vmcall
write_18: mov [0x1200100], eax
        vmcall
read_18: mov eax, [0x1200100]
        vmcall
jump_20: mov eax, 0x1400000
        jmp rax
jump_22: mov eax, 0x1600000
        jmp rax
read_22: mov eax, [0x1600100]
        vmcall
write_22: mov [0x1600100], eax
        vmcall
stac_:  stac
        mov eax, [0x1600100]
        clac
        mov eax, [0x1600100]
        vmcall
lldt_:  mov eax, 0x10
        mov fs, ax
        vmcall
