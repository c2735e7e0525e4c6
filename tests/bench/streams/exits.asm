; A guest that exits every 20 instructions (CPUID), and the shortest handler that resumes it.
; Unicorn runs the guest's loop alone, from the label `guest`.
        bits 64
        org 100000h
%include "vmcs.inc"

        mov ecx, 3ah                    ; firmware: allow VMXON
        mov eax, 5
        xor edx, edx
        wrmsr
        lgdt [gdt_pointer]
        mov eax, 28h
        ltr ax
        mov rax, cr4
        or eax, 1 << 13
        mov cr4, rax
        mov ecx, 480h                   ; the revision, into both regions
        rdmsr
        mov [200000h], eax
        mov [201000h], eax
        vmxon [vmxon_region]
        vmclear [vmcs_region]
        vmptrld [vmcs_region]

        mov ebp, controls               ; each control: what must be 1
        mov ecx, 48dh
.more:  mov ebx, [rbp]
        rdmsr
        or eax, [rbp + 4]
        vmwrite rbx, rax
        add ebp, 8
        inc ecx
        cmp ecx, 491h
        jb .more
        mov ebp, fields                 ; each field: its value
.field: mov ebx, [rbp]
        mov eax, [rbp + 4]
        vmwrite rbx, rax
        add ebp, 8
        cmp ebp, fields_end
        jb .field
        mov ebx, VMCS_LINK_POINTER
        mov rax, -1
        vmwrite rbx, rax
        mov ebx, GUEST_CR0
        mov rax, cr0
        vmwrite rbx, rax
        mov ebx, HOST_CR0
        vmwrite rbx, rax
        mov ebx, GUEST_CR4
        mov rax, cr4
        vmwrite rbx, rax
        mov ebx, HOST_CR4
        vmwrite rbx, rax
        xor eax, eax
        xor ebx, ebx
        mov ecx, 100000000
        xor edx, edx
        vmlaunch
        hlt

handler:
        mov ebx, GUEST_RIP              ; the guest expects CPUID to change RAX to RDX
        vmread rax, rbx
        add rax, 2
        vmwrite rbx, rax
        vmresume
        hlt

guest:  add r8, r9                      ; 20 instructions, the last one CPUID
        xor r10, r8
        shl r10, 3
        sub r11, r10
        mov rsi, r11
        and rsi, 0ffh
        lea rdi, [r8 + rsi*4 + 16]
        cmp rdi, r11
        inc r9
        add r8, r9
        xor r10, r8
        sub r11, r10
        mov rsi, r11
        and rsi, 0fh
        lea rdi, [r8 + rsi*8]
        test rdi, rdi
        inc r9
        inc r12
        cpuid
        jmp guest

        align 8
vmxon_region: dq 200000h
vmcs_region:  dq 201000h
gdt_pointer:  dw gdt_end - gdt - 1
              dq gdt
        align 8
gdt:    dq 0, 00cf9b000000ffffh, 00cf93000000ffffh, 00af9b000000ffffh, 0
        dq 00008920_30000067h, 0        ; a task-state segment at 203000h
gdt_end:
controls:
        dd PIN_BASED_CONTROLS, 0
        dd PRIMARY_PROCESSOR_BASED_CONTROLS, 0
        dd PRIMARY_VM_EXIT_CONTROLS, 1 << 9
        dd VM_ENTRY_CONTROLS, 1 << 9
fields:
        dd GUEST_RIP, guest,                    HOST_RIP, handler
        dd GUEST_RSP, 222000h,                  HOST_RSP, 221000h
        dd GUEST_RFLAGS, 2,                     GUEST_CR3, 10000h
        dd HOST_CR3, 10000h
        dd GUEST_CS_SELECTOR, 18h,              HOST_CS_SELECTOR, 18h
        dd GUEST_CS_LIMIT, 0ffffffffh,          GUEST_CS_ACCESS_RIGHTS, 0a09bh
        dd GUEST_SS_SELECTOR, 10h,              HOST_SS_SELECTOR, 10h
        dd GUEST_SS_LIMIT, 0ffffffffh,          GUEST_SS_ACCESS_RIGHTS, 0c093h
        dd GUEST_DS_ACCESS_RIGHTS, 10000h,      GUEST_ES_ACCESS_RIGHTS, 10000h
        dd GUEST_FS_ACCESS_RIGHTS, 10000h,      GUEST_GS_ACCESS_RIGHTS, 10000h
        dd GUEST_LDTR_ACCESS_RIGHTS, 10000h
        dd GUEST_TR_SELECTOR, 28h,              HOST_TR_SELECTOR, 28h
        dd GUEST_TR_BASE, 203000h,              HOST_TR_BASE, 203000h
        dd GUEST_TR_LIMIT, 67h,                 GUEST_TR_ACCESS_RIGHTS, 8bh
        dd GUEST_GDTR_BASE, gdt,                HOST_GDTR_BASE, gdt
        dd GUEST_GDTR_LIMIT, gdt_end - gdt - 1
fields_end:
