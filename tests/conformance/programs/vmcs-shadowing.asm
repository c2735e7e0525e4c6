; TITLE: VMREAD and VMWRITE of a guest with VMCS shadowing: bitmaps, link pointer
; SDM: "VMREAD-Read Field from Virtual-Machine Control Structure"; "VMCS Shadowing"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_SECONDARY
        VMW PROC_CTLS2, S_SHADOW
        mov rdi, 0x300000
        mov ecx, 0x400
        xor eax, eax
        rep stosq
        VMW 0x2026, 0x300000
        VMW 0x2028, 0x301000
        mov eax, [VMCS_B]
        bts eax, 31
        mov [VMCS_B], eax
        ENTER "link all ones", vmlaunch
        SHOW "flags after vmread", [g_r10]
        VMW G_RIP, guest_code
        VMW LINK_PTR, VMCS_B
        ENTER "shadow", vmresume
        SHOW "flags after vmread", [g_r10]
        SHOW "value", [g_rbx]
        SHOW "flags after vmwrite", [g_r11]
        NEXT
        ENTER "unsupported", vmresume
        SHOW "flags", [g_r10]
        SHOWV "error in current", INSTR_ERROR
        NEXT
        ENTER "read-only write", vmresume
        SHOW "flags", [g_r10]
        NEXT
        ENTER "wide encoding", vmresume
        NEXT
        mov byte [0x300000 + 0x681E/8], 0x40
        ENTER "bitmap", vmresume
        NEXT
        mov byte [0x301000 + 0x681E/8], 0x40
        ENTER "bitmap w", vmresume
        NEXT
        ENTER "high", vmresume
        SHOW "value", [g_rbx]
        NEXT
        ENTER "vmptrst", vmresume
        vmptrld [p_vmcs_b]
        SHOWV "shadow RIP", G_RIP
        SHOWV "shadow error", INSTR_ERROR
        TRY "vmlaunch shadow", vmlaunch
        GUEST
        mov eax, G_RIP
        mov ecx, 0x1234
        push FLAGS6
        popfq
        vmwrite rax, rcx
        pushfq
        pop r11
        push FLAGS6
        popfq
        vmread rbx, rax
        pushfq
        pop r10
        vmcall
        mov eax, 0x0FFE
        vmread rbx, rax
        pushfq
        pop r10
        vmcall
        mov eax, EXIT_REASON
        vmwrite rax, rcx
        pushfq
        pop r10
        vmcall
        mov rax, 0x10000681E
        vmread rbx, rax
        mov eax, G_RIP
        vmread rbx, rax
        vmwrite rax, rbx
        mov eax, 0x2011
        mov ecx, 0x77
        vmwrite rax, rcx
        vmread rbx, rax
        vmcall
        vmptrst [0x207000]
