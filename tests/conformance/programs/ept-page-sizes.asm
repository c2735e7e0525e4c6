; TITLE: EPT and guest pages of different sizes together: 1 GByte, 2 MBytes and 4 KBytes; the address of each byte, flushes by INVLPG
; SDM: "EPT Translation Mechanism"; "Details of TLB Use"
%include "vmxlab.inc"
%macro READ 2
        mov rax, %2
        mov [g_rbx], rax
        VMW G_RIP, guest_code
        ENTER %1, vmresume
        SHOW "read", [g_rax]
%endmacro
CASE
        VMX_ON
        VMCS_STD
        mov qword [0x1000120], 0x1111
        mov qword [0x1201128], 0x2222
        mov qword [0x1403200], 0x3333
        USE_EPT
        mov rsi, 0x10000
        mov rdi, 0x300000
        mov ecx, 512*3
        cld
        rep movsq
        mov qword [0x300000], 0x301007
        mov qword [0x301000], 0x302007
        mov qword [0x301008], 0x87              ; 1 GiB: a page of 1 GByte onto 0
        mov qword [0x302000 + 8*100], 0x1200087 ; 200 MiB: 2 MBytes onto 18 MiB
        mov qword [0x302000 + 8*101], 0x303007
        mov qword [0x303000 + 8*7], 0x1403007   ; 202 MiB + 28 KiB: 4 KBytes onto 20 MiB + 12 KiB
        VMW G_CR3, 0x300000
        mov qword [g_rbx], 0x1000120
        ENTER "identity", vmlaunch
        SHOW "read", [g_rax]
        READ "1 GByte over 2 MBytes", 0x41000120
        READ "2 MBytes over 2 MBytes", 0xC801128
        READ "4 KBytes over 2 MBytes", 0xCA07200
        mov qword [EPT_PDPT], 0xB7              ; EPT: 1 GByte
        mov eax, 2
        invept rax, [zeros]
        READ "1 GByte over 1 GByte", 0x41000120
        READ "2 MBytes over 1 GByte", 0xC801128
        READ "4 KBytes over 1 GByte", 0xCA07200
        mov qword [EPT_PDPT], EPT_PD + 7
        mov qword [EPT_PD + 8*10], EPT_PT + 7   ; EPT: 4 KBytes, 20 MiB + 12 KiB onto 12 KiB
        mov qword [0x3200], 0x4444
        mov eax, 2
        invept rax, [zeros]
        READ "4 KBytes over 4 KBytes", 0xCA07200
        READ "1 GByte over 4 KBytes", 0x41403200
        VMW G_RIP, flush
        ENTER "INVLPG elsewhere in 1 GByte", vmresume
        SHOW "read", [g_rax]
        mov qword [EPT_PDPT], 0x400000B7 | 1 << 13
        mov eax, 2
        invept rax, [zeros]
        VMW G_RIP, guest_code
        ENTER "1 GByte, an address bit below 30", vmresume
        GUEST
        mov rax, [rbx]
        vmcall
flush:  mov rax, [0x41403200]
        mov qword [0x301008], 0x80000087
        invlpg [0x7FFFF000]
        mov qword [0x301008], 0x87
        mov rax, [0x41403200]
        vmcall
        section data
        align 8
zeros:  dq 0, 0
