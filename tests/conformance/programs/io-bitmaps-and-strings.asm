; TITLE: I/O bitmaps at their edges and string I/O: size, direction, REP, address
; SDM: "Instructions That Cause VM Exits Conditionally"; "Exit Qualification for I/O Instructions"
%include "vmxlab.inc"
%macro EX 1
        NEXT
        ENTER %1, vmresume
%endmacro
CASE
        VMX_ON
        VMCS_STD
        CTL PROC_CTLS, P_IOBITMAP
        mov byte [IOBMP_A + 0x60/8], 1
        mov byte [IOBMP_A + 0xFFF], 0x80
        mov byte [IOBMP_B + 0x10], 0xFF
        ENTER "60h", vmlaunch
        EX "61h no, dword at 5dh no, 5eh yes"
        EX "7fff"
        EX "word at 7fff"
        EX "8080"
        EX "wrap ffff word"
        EX "wrap fffd dword"
        EX "ins word"
        SHOWV "gla", GLA
        SHOWV "info", EXIT_INSTR_INFO
        EX "outs fs"
        SHOWV "gla", GLA
        SHOWV "info", EXIT_INSTR_INFO
        EX "rep insd a32"
        SHOWV "gla", GLA
        SHOWV "info", EXIT_INSTR_INFO
        EX "rep outsb rcx 0"
        EX "outsb es"
        SHOWV "info", EXIT_INSTR_INFO
        EX "imm out eax"
        EX "imm in ax"
        GUEST
        in al, 0x60
        in al, 0x61
        mov edx, 0x5c
        in eax, dx
        mov edx, 0x5e
        in eax, dx
        mov edx, 0x7fff
        out dx, al
        out dx, ax
        mov edx, 0x8080
        in al, dx
        mov edx, 0xffff
        in ax, dx
        mov edx, 0xfffd
        out dx, eax
        mov edx, 0x60
        mov edi, 0x207000
        mov esi, 0x207100
        insw
        fs outsw
        mov ecx, 2
        a32 rep insd
        xor ecx, ecx
        rep outsb
        mov ecx, 1
        rep outsb
        es outsb
        out 0x60, eax
        in ax, 0x60
