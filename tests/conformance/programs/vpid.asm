; TITLE: translations tagged with a VPID and what flushes them
; SDM: "Invalidating Cached Translation Information"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_VPID | S_INVPCID
        VMW VPID, 5
        ; guest page tables: own PML4 at 0x300000
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        VMW G_CR3, 0x300000
        mov qword [0x1000000], 0x1111
        mov qword [0x1200000], 0x2222
        ENTER "first", vmlaunch
        SHOW "rbx", [g_rbx]
        mov qword [0x302000+8*8], 0x1200087
        mov qword [SCRATCH], 5
        mov qword [SCRATCH+8], 0x1000000
        xor eax, eax
        invvpid rax, [SCRATCH]
        VMW G_RIP, guest_code
        ENTER "after invvpid address", vmresume
        SHOW "rbx", [g_rbx]
        mov qword [0x302000+8*8], 0x1000087
        mov eax, 1
        invvpid rax, [SCRATCH]
        VMW G_RIP, guest_code
        ENTER "after invvpid single", vmresume
        SHOW "rbx", [g_rbx]
        VMW G_RIP, g2
        ENTER "guest changes its table and invlpg", vmresume
        SHOW "rbx", [g_rbx]
        VMW G_RIP, g3
        ENTER "guest changes its table and cr3", vmresume
        SHOW "rbx", [g_rbx]
        VMW G_RIP, g4
        ENTER "guest changes its table and invpcid", vmresume
        SHOW "rbx", [g_rbx]
        VMW PROC_CTLS2, 0
        mov qword [0x302000+8*8], 0x1200087
        VMW G_RIP, guest_code
        ENTER "no vpid", vmresume
        SHOW "rbx", [g_rbx]
        mov qword [0x302000+8*8], 0x1000087
        VMW G_RIP, guest_code
        ENTER "no vpid 2", vmresume
        SHOW "rbx", [g_rbx]
        GUEST
        mov rbx, [0x1000000]
        vmcall
g2:     mov rbx, [0x1000000]
        mov qword [0x302000+8*8], 0x1200087
        invlpg [0x1000000]
        mov rbx, [0x1000000]
        vmcall
g3:     mov qword [0x302000+8*8], 0x1000087
        mov rax, cr3
        mov cr3, rax
        mov rbx, [0x1000000]
        vmcall
g4:     mov qword [0x302000+8*8], 0x1200087
        mov eax, 2
        invpcid rax, [SCRATCH]
        mov rbx, [0x1000000]
        vmcall
