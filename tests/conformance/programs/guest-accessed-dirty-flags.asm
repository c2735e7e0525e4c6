; TITLE: accessed and dirty flags that a guest's walk sets in its own tables, by fetches, reads, writes and accesses that fault
; SDM: "Accessed and Dirty Flags"
%include "vmxlab.inc"
%macro FLAGS 0
        SHOW "PML4", [0x300000]
        SHOW "PDPT", [0x301000]
        SHOW "PD", [0x302000 + 8*8]
        SHOW "PT", [0x303000 + 8*3]
        and qword [0x300000], ~0x60
        and qword [0x301000], ~0x60
        and qword [0x302000 + 8*8], ~0x60
        and qword [0x303000 + 8*3], ~0x60
%endmacro
%macro ROUND 2
        VMW G_RIP, %2
        ENTER %1, vmresume
        FLAGS
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
        mov qword [0x302000 + 8*8], 0x303007
        mov qword [0x303000 + 8*3], 0x1003007
        VMW G_CR3, 0x300000
        VMW EXC_BITMAP, 1<<14
        ENTER "no access", vmlaunch
        FLAGS
        ROUND "a read", read
        ROUND "a write", write
        mov qword [0x303000 + 8*3], 0x1003005
        VMW G_CR0, 0x80010031
        ROUND "a write that faults", write
        mov qword [0x303000 + 8*3], 0
        ROUND "a page that is not present", read
        mov qword [0x303000 + 8*3], 0x1003007
        ROUND "CMPXCHG that does not match", exchange
        GUEST
        vmcall
read:   mov eax, [0x1003010]
        vmcall
write:  mov [0x1003010], eax
        vmcall
exchange: mov eax, 1
        cmpxchg [0x1003010], ecx
        vmcall
