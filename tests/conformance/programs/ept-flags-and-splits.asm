; TITLE: EPT violations of page walks, of read-modify-write and of accesses across a page boundary, with accessed and dirty flags
; SDM: "Exit Qualification for EPT Violations"; "Accessed and Dirty Flags for EPT"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        VMW EPTP, EPT_PML4 + 0x5E
        ENTER "a/d walk", vmlaunch
        SHOW "pte of guest pml4", [EPT_PT + 0x10*8]
        SHOW "pte of guest pd", [EPT_PT + 0x12*8]
        SHOW "pte of code", [EPT_PT + 0x110*8]
        SHOW "pde of 2M", [EPT_PD + 8]
        ; guest pml4 page read only
        mov qword [EPT_PT + 0x10*8], 0x10035
        mov rax, 2
        invept rax, [zero]
        VMW G_RIP, guest_code
        ENTER "guest tables read-only, a/d on", vmresume
        VMW EPTP, EPT_PML4 + 0x1E
        mov rax, 2
        invept rax, [zero]
        VMW G_RIP, guest_code
        ENTER "guest tables read-only, a/d off", vmresume
        mov qword [EPT_PT + 0x10*8], 0x10037
        mov qword [EPT_PT + 0x12*8], 0x12035
        mov rax, [0x12000+8*8]
        and al, ~0x60
        mov [0x12000+8*8], rax
        mov rax, 2
        invept rax, [zero]
        VMW G_RIP, guest_code
        ENTER "setting a in guest table, a/d off", vmresume
        mov qword [EPT_PT + 0x12*8], 0x12037
        mov qword [EPT_PD + 8*8], 0x1000000 + 0xB1
        VMW G_RIP, g2
        ENTER "rmw on read-only", vmresume
        mov qword [EPT_PD + 8*8], 0x1000000 + 0xB4
        VMW G_RIP, g2
        ENTER "rmw on execute-only", vmresume
        mov qword [EPT_PD + 8*8], 0
        VMW G_RIP, g2
        ENTER "rmw on nothing", vmresume
        mov qword [EPT_PD + 9*8], 0
        mov qword [EPT_PD + 8*8], 0x1000000 + 0xB7
        VMW G_RIP, g3
        ENTER "split read", vmresume
        VMW G_RIP, g4
        ENTER "split write", vmresume
        SHOW "first part untouched", [0x11ffff8]
        VMW G_RIP, g5
        ENTER "push", vmresume
        VMW G_RIP, g6
        ENTER "movs", vmresume
        SHOW "rcx", [g_rcx]
        SHOW "rsi", [g_rsi]
        VMW G_RIP, 0x11ffffe
        mov dword [0x11ffffe], 0x00B8
        ENTER "split fetch", vmresume
        VMW G_RIP, 0x1200000
        ENTER "fetch", vmresume
        GUEST
        mov rax, [0x1000000]
        vmcall
g2:     inc qword [0x1000000]
        vmcall
g3:     mov rax, [0x11ffffc]
        vmcall
g4:     mov dword [0x11ffffc], 1
        mov qword [0x11ffffc], 0x12345678
        vmcall
g5:     mov rsp, 0x1200008
        push rax
        vmcall
g6:     mov esi, 0x11ffff0
        mov edi, 0x207000
        mov ecx, 5
        rep movsq
        vmcall
        section data
        align 16
zero    dq 0, 0
