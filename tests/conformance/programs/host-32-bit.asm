; TITLE: a VMM in 32-bit mode: a 64-bit host is refused, exits keep to 32 bits
; SDM: "Checks Related to Address-Space Size"; "Loading Host State"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        ; identity 4M pages at 0x300000
        mov rdi, 0x300000
        mov eax, 0x87
        mov ecx, 1024
.l:     mov [rdi], eax
        add eax, 0x400000
        add rdi, 4
        dec ecx
        jnz .l
        mov [0x306000], rsp
        vmclear [p_vmcs_a]
        vmxoff
        lgdt [gdtr]
        push 8
        push c32
        retfq
        bits 32
c32:    mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov ecx, 0xC0000080
        rdmsr
        and eax, ~0x100
        wrmsr
        mov eax, 0x300000
        mov cr3, eax
        mov eax, 0x2010
        mov cr4, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov esp, HOST_STACK
        vmxon [p_vmxon]
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        mov eax, EXIT_CTLS
        vmread ecx, eax
        mov [0x306010], ecx
        ; still 64-bit host: error 8
        push FLAGS6
        popfd
        vmlaunch
        pushfd
        pop dword [0x306020]
        mov eax, INSTR_ERROR
        vmread [0x306028], eax
        mov eax, EXIT_CTLS
        vmread ecx, eax
        and ecx, ~0x200
        vmwrite eax, ecx
        mov eax, ENTRY_CTLS
        vmread ecx, eax
        vmlaunch
        mov eax, INSTR_ERROR
        vmread [0x306030], eax
        and ecx, ~0x200
        mov eax, ENTRY_CTLS
        vmwrite eax, ecx
%macro W 2
        mov eax, %1
        mov ecx, %2
        vmwrite eax, ecx
%endmacro
        W G_CS_SEL, 8
        W G_CS_AR, 0xC09B
        W H_CS_SEL, 8
        W G_CR3, 0x300000
        W H_CR3, 0x300000
        W G_CR4, 0x2010
        W H_CR4, 0x2010
        W H_RIP, hx
        W H_RSP, HOST_STACK
        W H_SS_SEL, 0
        vmlaunch
        mov eax, INSTR_ERROR
        vmread [0x306038], eax
        W H_SS_SEL, 0x10
        W H_CR4, 0x22010                ; PCIDE
        vmlaunch
        mov eax, INSTR_ERROR
        vmread [0x306090], eax
        W H_CR4, 0x2010
        W H_GS_SEL, 0
        mov eax, 0x6C17
        xor ecx, ecx
        inc ecx
        vmwrite eax, ecx
        setz [0x306100]
        vmlaunch
        mov eax, INSTR_ERROR
        vmread [0x306040], eax
        mov dword [0x306048], 0xdead
        jmp back
hx:     mov eax, EXIT_REASON
        vmread [0x306048], eax
        mov eax, G_RIP
        vmread [0x306050], eax
        mov eax, cr4
        mov [0x306058], eax
        mov ax, cs
        mov [0x306060], ax
        mov ax, gs
        mov [0x306068], ax
        mov eax, 0x2800
        vmread ecx, eax
        mov [0x306070], ecx
        mov eax, 0x2801
        vmread ecx, eax
        mov [0x306078], ecx
        mov ecx, 0xC0000080
        rdmsr
        mov [0x306080], eax
        pushfd
        pop dword [0x306088]
back:   vmxoff
        mov eax, cr0
        and eax, 0x7fffffff
        mov cr0, eax
        mov eax, 0x20
        mov cr4, eax
        mov eax, 0x10000
        mov cr3, eax
        mov ecx, 0xC0000080
        rdmsr
        or eax, 0x100
        wrmsr
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        lgdt [gdtr]
        jmp 0x18:c64
        bits 64
c64:    mov rsp, [0x306000]
        SHOW "exit controls", [0x306010]
        SHOW "flags", [0x306020]
        SHOW "error 64-bit host", [0x306028]
        SHOW "error ia32e guest", [0x306030]
        SHOW "error null ss", [0x306038]
        SHOW "error PCIDs", [0x306090]
        SHOW "zf", [0x306100]
        SHOW "error", [0x306040]
        SHOW "reason", [0x306048]
        SHOW "rip", [0x306050]
        SHOW "cr4", [0x306058]
        SHOW "cs", [0x306060]
        SHOW "gs", [0x306068]
        SHOW "link low", [0x306070]
        SHOW "link high", [0x306078]
        SHOW "efer", [0x306080]
        SHOW "eflags", [0x306088]
        GUEST
        bits 32
        mov eax, 1
        vmcall
        bits 64
