; The fuzzer's driver: runs trials from a table of operations and writes what came out as binary records.
; An operation is a qword (code, byte 0; count, bits 31:16; argument, bits 63:32) and its operands, all qwords:
;   0 end   1 VMWRITE (argument: field; value)   2 poke (count; address, values), undone at the end of the trial
;   3 enter (argument: 0 VMLAUNCH, 1 VMRESUME) and record   4 call ROOT_CODE and record
;   5 begin a trial (argument: 1 to make EPT anew, 2 to end blocking by virtual NMI)   6 end it   7 WRMSR (argument: index; value)
; A trial begins with the standard VMCS of lib/vmxlab.inc as copied from TEMPLATE, data pages and caches cleared.
%include "vmxlab.inc"
TRIALS   equ 0x11D000
TEMPLATE equ 0x20D000                   ; the standard VMCS, never current
EPT_TEMPLATE equ 0x210000               ; the identity EPT of lib/vmxlab.inc
VECTORS_TEMPLATE equ 0x216000           ; the vectors of real-address mode
UNDO     equ 0x380000                   ; address and old value of each poked qword, downwards order of undoing
RECORD   equ 0x3A0000
SHADOW   equ 0x218000                   ; a VMCS that guests reach by VMCS shadowing
DATA     equ 0x300000                   ; four pages: two of data, a stack, the stack of ring 0
ROOT_CODE equ 0x118000
SLOTS    equ 0x303F00                   ; 16 qwords that root sequences write
REAL_CODE equ 0x8000
REAL_STUBS equ 0x9000
        section gidt64 start=0x111000
%macro GATES64 0
%assign %%v 0
%rep 32
        dw 0x2000 + %%v*16, 0x18, 0x8E00 | (%%v == 3) * 0x6000 | (%%v == 4) * 0x6000, 0x11, 0, 0, 0, 0
%assign %%v %%v+1
%endrep
        times 16 * (0x20) db 0
        dw 0x2400, 0x18, 0xEE00, 0x11, 0, 0, 0, 0               ; 40h: from ring 3
        dw 0x2410, 0x18, 0x8E01, 0x11, 0, 0, 0, 0               ; 41h: IST 1
        dw 0x2420, 0x18, 0x0E00, 0x11, 0, 0, 0, 0               ; 42h: not present
        dw 0x2430, 0x10, 0x8E00, 0x11, 0, 0, 0, 0               ; 43h: not a code segment
        dw 0x2440, 0x18, 0x8F00, 0x11, 0, 0, 0, 0               ; 44h: trap gate
        dw 0x2450, 0x2B, 0xEE00, 0x11, 0, 0, 0, 0               ; 45h: to ring 3
        dw 0x2460, 0x18, 0x8E00, 0x11, 0x8000, 0, 0, 0          ; 46h: not canonical
        dw 0x2470, 0x08, 0x8E00, 0x11, 0, 0, 0, 0               ; 47h: a 32-bit segment
        dw 0x2480, 0x50, 0x8E00, 0x11, 0, 0, 0, 0               ; 48h: a segment that is not present
        dw 0x2490, 0x18, 0x8500, 0x11, 0, 0, 0, 0               ; 49h: a task gate
        dw 0x24A0, 0x58, 0x8E00, 0x11, 0, 0, 0, 0               ; 4Ah: a conforming segment
        dw 0x24B0, 0x18, 0x8E02, 0x11, 0, 0, 0, 0               ; 4Bh: IST 2, not canonical
        dw 0x24C0, 0, 0x8E00, 0x11, 0, 0, 0, 0                  ; 4Ch: null
        dw 0x24D0, 0xF0, 0x8E00, 0x11, 0, 0, 0, 0               ; 4Dh: beyond the GDT
%endmacro
        GATES64
        section gstub start=0x112000
%assign v 0
%rep 96
        align 16
        vmcall
        hlt
%assign v v+1
%endrep
        section gtables start=0x113000
ggdt:   dq 0
        dq 0x00CF9B000000FFFF           ; 08 code32
        dq 0x00CF93000000FFFF           ; 10 data
        dq 0x00AF9B000000FFFF           ; 18 code64
        dq 0x00CFF3000000FFFF           ; 20 user data
        dq 0x00AFFB000000FFFF           ; 28 user code64
        dq 0x11008B3400000067, 0        ; 30 TSS at 113400h, busy (the descriptor's bytes 2, 3, 4: 3400h, 11h)
        dq 0x00CFFB000000FFFF           ; 40 user code32
        dq 0x00009B000000FFFF           ; 48 code16
        dq 0x00AF1B000000FFFF           ; 50 code64, not present
        dq 0x00AF9F000000FFFF           ; 58 code64, conforming
        dq 0x0000F3000000FFFF           ; 60 user data16
        dq 0x000093000000FFFF           ; 68 data16
        dq 0x110082380000003F, 0        ; 70 LDT at 113800h
        dq 0x0000890000000067, 0        ; 80 an available TSS at 0
        dq 0x0000EC0000180000 | 0x2500, 0       ; 90 call gate
        dq 0x00CF17000000FFFF           ; A0 data, expand down, not present
        dq 0x00C0F30000000300           ; A8 user data up to 300FFFh
        dq 0x00C0F70000000300           ; B0 user data, expand down: from 301000h
        dq 0x0080F70000000300           ; B8 the same with 16 bits: nothing is within
        dq 0x00CFF1000000FFFF           ; C0 user data, read-only
        dq 0x00CFF9000000FFFF           ; C8 user code32, execute-only
        dq 0x00CF9F000000FFFF           ; D0 code32, conforming
        dq 0x0040FB1100002FFF           ; D8 user code32 at 110000h, of 3000h bytes
        dq 0x0011EC0200082400, 0        ; E0 call gate of 32 bits with two parameters
ggdt_end:
        times 0x400-($-ggdt) db 0
gtss:   dd 0
        dq DATA + 0x3800, DATA + 0x3900, DATA + 0x3A00, 0
        dq DATA + 0x3B00, 1 << 47
        times 0x66-($-gtss) db 0
        dw 0x68
        times 0x400-($-gtss) db 0xFF
gldt:   dq 0x00CF93000000FFFF, 0x00AF9B000000FFFF, 0x00CFF3000000FFFF, 0, 0, 0, 0, 0
        section gpages start=0x114000
gpml4:  dq 0x115067
        times 511 dq 0
gpdpt:  dq 0x116067
        times 511 dq 0
gpd:    dq 0xE7, 0x117067, 0x4000E7, 0x6000E7
        times 508 dq 0
%assign p 0x200067
%rep 512
        dq p
%assign p p+0x1000
%endrep
        section root start=0x118000
        ret
        section gpd32 start=0x119000    ; 32-bit paging by 4-MByte pages
%assign p 0xE7
%rep 16
        dd p
%assign p p+0x400000
%endrep
        section gpae start=0x11A000     ; PAE paging: the four entries
        dq 0x116001, 0, 0, 0
        section gidt32 start=0x11B000
%assign v 0
%rep 32
        dw 0x2000 + v*16, 0x08, 0x8E00 | (v == 3) * 0x6000 | (v == 4) * 0x6000, 0x11
%assign v v+1
%endrep
        times 8 * 0x20 db 0
        dw 0x2400, 0x08, 0xEE00, 0x11   ; 40h: from ring 3
        dw 0x2410, 0x08, 0x8F00, 0x11   ; 41h: trap gate
        dw 0x2420, 0x08, 0x0E00, 0x11   ; 42h: not present
        dw 0x2430, 0x10, 0x8E00, 0x11   ; 43h: not a code segment
        dw 0x2440, 0x08, 0x8600, 0x11   ; 44h: 16-bit interrupt gate
        dw 0x2450, 0x80, 0x8500, 0x11   ; 45h: a task gate
        dw 0x2460, 0x08, 0xEC00, 0x11   ; 46h: a call gate
        dw 0x2470, 0x50, 0x8E00, 0x11   ; 47h: a segment that is not present
        dw 0x2480, 0x00, 0x8E00, 0x11   ; 48h: null
        dw 0x2490, 0xF0, 0x8E00, 0x11   ; 49h: beyond the GDT
unblocking:                             ; a guest whose IRET ends blocking by virtual NMI
        push 0x10
        push DATA + 0x2800
        push 2
        push 0x18
        push .iret_done
        iretq
.iret_done: vmcall
        section fstubs start=0x11C000   ; the driver's own handlers
%assign v 0
%rep 32
        align 16
%if !((v == 8) || (v == 10) || (v == 11) || (v == 12) || (v == 13) || (v == 14) || (v == 17) || (v == 21))
        push 0
%endif
        push v
        jmp near ffault
%assign v v+1
%endrep
        section places start=0x11C800   ; for the one who writes the table
        dq g_rax
        section trials start=TRIALS
        dq 0                            ; replaced by the table

CASE
        VMX_ON
        lidt [fidtr]
        VMCS_STD guest_code, DATA + 0x2800
        VMW H_RIP, landed
        VMW G_IDTR_BASE, 0x111000
        VMW G_IDTR_LIM, 0xFFF
        VMW G_GDTR_BASE, ggdt
        VMW G_GDTR_LIM, ggdt_end - ggdt - 1
        VMW G_TR_BASE, gtss
        VMW G_TR_LIM, 0x3FF
        VMW G_CR3, gpml4
        VMW CR3_TARGET0, 0
        vmclear [p_vmcs_a]
        mov rsi, VMCS_A
        mov rdi, TEMPLATE
        mov ecx, 512
        cld
        rep movsq
        call ept_identity
        mov rsi, EPT_PML4
        mov rdi, EPT_TEMPLATE
        mov ecx, 0x4000 / 8
        rep movsq
        mov rdi, REAL_STUBS             ; for guests in real-address mode: VMCALL at 16 n, vectors that lead there
        xor ebx, ebx
.real:  mov dword [rdi], 0xF4C1010F
        mov eax, ebx
        shl eax, 4
        or eax, 0x9000000
        mov [rbx*4], eax
        add rdi, 16
        inc ebx
        cmp ebx, 256
        jne .real
        xor esi, esi
        mov rdi, VECTORS_TEMPLATE
        mov ecx, 128
        rep movsq
        mov rsi, 0x112000               ; where gates of 16 bits lead to
        mov rdi, 0x2000
        mov ecx, 0x600 / 8
        rep movsq
        xor eax, eax
        mov rdi, 0x8F00                 ; the stack of boot.asm, which vmviz does not run
        mov ecx, 0x100 / 8
        rep stosq
        mov qword [cursor], TRIALS
        mov qword [undo_top], UNDO
next:   mov rbx, [cursor]
        mov rax, [rbx]
        add rbx, 8
        movzx ecx, al
        mov rdx, rax
        shr rdx, 32
        jmp [operations + rcx*8]
op_vmwrite:
        vmwrite rdx, [rbx]
        add rbx, 8
        mov [cursor], rbx
        jmp next
op_poke:
        shr eax, 16
        movzx ecx, ax
        mov rdi, [rbx]
        lea rsi, [rbx+8]
        mov rdx, [undo_top]
.l:     mov [rdx], rdi
        mov rax, [rdi]
        mov [rdx+8], rax
        add rdx, 16
        movsq
        dec ecx
        jnz .l
        mov [undo_top], rdx
        mov [cursor], rsi
        jmp next
op_wrmsr:
        mov ecx, edx
        mov eax, [rbx]
        mov edx, [rbx+4]
        add rbx, 8
        mov [cursor], rbx
        mov qword [resume_rip], next
        mov [resume_rsp], rsp
        wrmsr
        jmp next
op_begin:
        mov [cursor], rbx
        inc qword [r_number]
        mov qword [resume_rip], .on
        mov [resume_rsp], rsp
        vmxon [p_vmxon]                 ; VMfail when the trial before did not leave VMX operation
.on:    mov rax, rsp
        push 0x10
        push rax
        push 2
        push 0x18
        push .unblocked
        iretq                           ; ends blocking by NMI
.unblocked:
        vmclear [p_vmcs_b]
        call standard
        mov rbx, [cursor]
        test byte [rbx-4], 2
        jz .virtual_unblocked
        VMW PIN_CTLS, 0x16 | PIN_NMI | PIN_VNMI
        VMW G_RIP, unblocking
        VMW H_RIP, .returned
        vmlaunch
        jmp finish
.returned: mov rsp, HOST_STACK
        lgdt [gdtr]
        lidt [fidtr]
        call standard
.virtual_unblocked:
        xor eax, eax
%macro ZERO 2
        mov rdi, %1
        mov ecx, %2 / 8
        rep stosq
%endmacro
        ZERO DATA, 0x140                ; what trials write to, no more
        ZERO DATA + 0x0FC0, 0x140
        ZERO DATA + 0x1FC0, 0x80
        ZERO DATA + 0x2700, 0x140
        ZERO DATA + 0x3780, 0x80
        ZERO DATA + 0x38A0, 0x60
        ZERO DATA + 0x3AA0, 0x60
        mov rsi, VECTORS_TEMPLATE       ; guests and stacks at 0 write over the vectors
        mov rdi, rax
        mov ecx, 128
        rep movsq
        ZERO 0x6F80, 0x80
        ZERO 0x7F80, 0x80
        ZERO 0xEFC0, 0x40
        ZERO 0xFF80, 0x80
        ZERO 0x1AFC0, 0x80              ; ES:FFFF of guests in virtual-8086 mode, and in real-address mode
        ZERO 0x30FFC0, 0x80
        ZERO SLOTS, 0x80
        ZERO VAPIC + 0x80, 0x40
        ZERO SHADOW, 0x1000
        mov rdi, g_rax
        mov ecx, 15
        rep stosq
        mov rbx, [cursor]
        test byte [rbx-4], 1
        jz .same
        mov rsi, EPT_TEMPLATE
        mov rdi, EPT_PML4
        mov ecx, 0x4000 / 8
        rep movsq
.same:  mov cr2, rax
        mov dr0, rax
        mov dr1, rax
        mov dr2, rax
        mov dr3, rax
        mov eax, 0xFFFF0FF0
        mov dr6, rax
        mov rsi, kept_msrs
.msrs:  mov ecx, [rsi]
        mov eax, [rsi+4]
        mov edx, [rsi+8]
        mov rdi, .written
        mov [resume_rip], rdi
        mov [resume_rsp], rsp
        wrmsr
.written: add rsi, 12
        cmp rsi, kept_msrs_end
        jne .msrs
        mov rax, cr3
        mov cr3, rax
        mov eax, 2
        invept rax, [zeros]
        invvpid rax, [zeros]
        jmp next
op_end: mov [cursor], rbx
        mov rdx, [undo_top]
.l:     cmp rdx, UNDO
        je .d
        sub rdx, 16
        mov rdi, [rdx]
        mov rax, [rdx+8]
        mov [rdi], rax
        jmp .l
.d:     mov [undo_top], rdx
        jmp next
op_enter:
        mov [cursor], rbx
        mov [operand], rdx
        mov qword [resume_rip], refused
        mov [resume_rsp], rsp
        mov qword [try_rip], .launch
        test edx, edx
        jz .load
        mov qword [try_rip], .resume
.load:  call load_registers
        push FLAGS6
        popfq
        cmp byte [operand], 0
        jne .r
        push FLAGS6
        popfq
.launch: vmlaunch
        jmp failed
.r:     push FLAGS6
        popfq
.resume: vmresume
failed: pushfq
        pop qword [r_flags]
        mov qword [r_kind], 0
        jmp record
op_root:
        mov [cursor], rbx
        mov qword [resume_rip], refused
        mov [resume_rsp], rsp
        mov qword [try_rip], ROOT_CODE
        call load_registers
        call ROOT_CODE
        call keep_registers
        pushfq
        pop qword [r_flags]
        mov qword [r_kind], 3
        jmp record
refused: mov qword [r_kind], 2
        jmp record
landed: call keep_registers             ; RSP = EXIT_STACK
        pushfq
        pop qword [r_flags]
        mov qword [r_kind], 1
record: mov qword [resume_rip], finish  ; a fault from here on ends the batch
        mov [resume_rsp], rsp
        mov rax, cr0                    ; what the host has, then the driver's own state again
        mov [r_host], rax
        mov rax, cr2
        mov [r_host+8], rax
        mov rax, cr3
        mov [r_host+16], rax
        mov rax, cr4
        mov [r_host+24], rax
        mov rax, dr7
        mov [r_host+32], rax
        mov rax, dr6
        mov [r_host+40], rax
        sgdt [r_host+48]
        sidt [r_host+64]
        mov [r_host+80], es
        mov [r_host+82], cs
        mov [r_host+84], ss
        mov [r_host+86], ds
        mov [r_host+88], fs
        mov [r_host+90], gs
        str [r_host+92]
        sldt [r_host+94]
        mov [r_host+96], rsp
        xor ebx, ebx
.msrs:  mov ecx, [host_msrs + rbx*4]
        rdmsr
        mov [r_msrs + rbx*8], eax
        mov [r_msrs + rbx*8 + 4], edx
        inc ebx
        cmp ebx, HOST_MSRS
        jne .msrs
        lgdt [gdtr]
        lidt [fidtr]
        mov eax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov fs, ax
        mov gs, ax
        mov rsp, HOST_STACK
        mov eax, 0x2020                 ; first: CR4.CET would keep CR0.WP at 1
        mov cr4, rax
        mov eax, 0x80000031
        mov cr0, rax
        mov eax, PML4
        mov cr3, rax
        cld
        mov qword [resume_rip], .none
        mov [resume_rsp], rsp
        mov qword [r_current], -2
        vmptrst [r_current]
        mov rsi, fields
        mov rdi, r_fields
.fields: mov eax, [rsi]
        add rsi, 4
        xor edx, edx
        vmread rdx, rax
        mov [rdi], rdx
        add rdi, 8
        cmp rsi, fields_end
        jne .fields
.none:  mov qword [resume_rip], finish
        mov rdi, r_memory
        mov rsi, DATA
        mov ecx, 4
        rep movsq
        mov rsi, DATA + 0x1000
        mov ecx, 4
        rep movsq
        mov rsi, DATA + 0x27C0
        mov ecx, 8
        rep movsq
        mov rsi, DATA + 0x37C0
        mov ecx, 8
        rep movsq
        mov rsi, SLOTS
        mov ecx, 16
        rep movsq
%macro VAPIC_CELLS 1-*                  ; of the virtual-APIC page
%rep %0
        mov rsi, VAPIC + %1
        movsq
%rotate 1
%endrep
%endmacro
        VAPIC_CELLS 0x80, 0xA0, 0x110, 0x120, 0x130, 0x210, 0x220, 0x230
        mov rsi, record_begin
        mov ecx, record_end - record_begin
        mov edx, 0xE9
        rep outsb
        mov rdi, r_flags                ; nothing of this trial stays in the next record
        xor eax, eax
        mov ecx, (record_end - r_flags) / 8
        rep stosq
        jmp next
PML4    equ 0x10000
standard:                               ; the current VMCS is the standard one, clear
        vmclear [p_vmcs_a]
        mov rsi, TEMPLATE
        mov rdi, VMCS_A
        mov ecx, 512
        rep movsq
        vmptrld [p_vmcs_a]
        ret
load_registers:
        mov rax, [g_rax]
        mov rcx, [g_rcx]
        mov rdx, [g_rdx]
        mov rbx, [g_rbx]
        mov rbp, [g_rbp]
        mov rsi, [g_rsi]
        mov rdi, [g_rdi]
        mov r8, [g_r8]
        mov r9, [g_r9]
        mov r10, [g_r10]
        mov r11, [g_r11]
        mov r12, [g_r12]
        mov r13, [g_r13]
        mov r14, [g_r14]
        mov r15, [g_r15]
        ret
keep_registers:
        mov [r_rax], rax
        mov [r_rax+8], rcx
        mov [r_rax+16], rdx
        mov [r_rax+24], rbx
        mov [r_rax+32], rbp
        mov [r_rax+40], rsi
        mov [r_rax+48], rdi
        mov [r_rax+56], r8
        mov [r_rax+64], r9
        mov [r_rax+72], r10
        mov [r_rax+80], r11
        mov [r_rax+88], r12
        mov [r_rax+96], r13
        mov [r_rax+104], r14
        mov [r_rax+112], r15
        ret
ffault: pop qword [r_vector]
        pop qword [r_error]
        pop qword [r_rip]
        mov rsp, [resume_rsp]
        jmp [resume_rip]
        section data
        align 8
operations: dq finish, op_vmwrite, op_poke, op_enter, op_root, op_begin, op_end, op_wrmsr
cursor  dq 0
undo_top dq 0
operand dq 0
zeros   dq 0, 0
fidtr   dw 0x1FF
        dq fidt
        align 8
fidt:
%assign v 0
%rep 32
        dw 0xC000 + v*16, 0x18, 0x8E00, 0x11, 0, 0, 0, 0
%assign v v+1
%endrep
host_msrs:                              ; not IA32_DEBUGCTL, which Bochs's model does not have
        dd 0xC0000080, 0xC0000100, 0xC0000101, 0x174, 0x175, 0x176, 0x277
HOST_MSRS equ ($ - host_msrs) / 4
kept_msrs:                              ; what each trial begins with
        dd 0x1B, 0xFEE00900, 0, 0x277, 0x00070406, 0x00070406, 0xC0000080, 0x500, 0
        dd 0x174, 0, 0, 0x175, 0, 0, 0x176, 0, 0, 0xC0000100, 0, 0, 0xC0000101, 0, 0, 0xC0000102, 0, 0
        dd 0xC0000081, 0, 0, 0xC0000082, 0, 0, 0xC0000083, 0, 0, 0xC0000084, 0, 0, 0xC0000103, 0, 0
kept_msrs_end:
fields: dd EXIT_REASON, QUAL, EXIT_INTR_INFO, EXIT_INTR_ERR, IDT_INFO, IDT_ERR, EXIT_INSTR_LEN, EXIT_INSTR_INFO
        dd GPA, GLA, INSTR_ERROR, ENTRY_INTR_INFO, ENTRY_CTLS
        dd G_RIP, G_RSP, G_RFLAGS, G_CR0, G_CR3, G_CR4, G_DR7, G_DEBUGCTL, G_EFER, G_PAT
        dd G_INTERRUPTIBILITY, G_PENDING_DBG, G_ACTIVITY, G_SYSENTER_CS, G_SYSENTER_ESP, G_SYSENTER_EIP
        dd G_GDTR_BASE, G_GDTR_LIM, G_IDTR_BASE, G_IDTR_LIM
%macro SEGMENT_FIELDS 1
        dd G_%1_SEL, G_%1_BASE, G_%1_LIM, G_%1_AR
%endmacro
        SEGMENT_FIELDS ES
        SEGMENT_FIELDS CS
        SEGMENT_FIELDS SS
        SEGMENT_FIELDS DS
        SEGMENT_FIELDS FS
        SEGMENT_FIELDS GS
        SEGMENT_FIELDS LDTR
        SEGMENT_FIELDS TR
        dd G_PML_INDEX, G_PDPTE0, G_INTR_STATUS
fields_end:
        align 8
record_begin:
        dq 0x214C41495254217E           ; a mark
r_number dq 0
r_kind  dq 0                            ; 0 VMfail, 1 VM exit, 2 a fault in the driver, 3 a root sequence
r_flags dq 0
r_vector dq 0
r_error dq 0
r_rip   dq 0
r_current dq 0
r_rax   times 15 dq 0
r_host  times 13 dq 0
r_msrs  times HOST_MSRS dq 0
r_fields times (fields_end - fields) / 4 dq 0
r_memory times 48 dq 0
record_end:
        GUEST
        vmcall
