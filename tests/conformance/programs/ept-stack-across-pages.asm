; TITLE: PUSH, CALL, ENTER, POP, RET and IRET over a page boundary of which one page is absent in EPT: nothing is half done
; SDM: "EPT Violations"; "Exit Qualification for EPT Violations"
%include "vmxlab.inc"
EDGE    equ 0x1200000                   ; below it 16 MiB to 18 MiB, above 18 to 20
%macro STACK 3                          ; label, guest RIP, guest RSP
        VMW G_RIP, %2
        VMW G_RSP, %3
        ENTER %1, vmresume
        SHOWV "RSP", G_RSP
%endmacro
CASE
        VMX_ON
        VMCS_STD
        USE_EPT
        ENTER "first", vmlaunch
        TEXT "the lower page is absent"
        mov qword [EPT_PD + 8*8], 0
        mov eax, 2
        invept rax, [zeros]
        STACK "PUSH below", push_, EDGE
        STACK "PUSH across", push_, EDGE + 4
        SHOW "upper part", [EDGE]
        STACK "PUSH memory", push_mem, EDGE
        STACK "CALL across", call_, EDGE + 4
        STACK "ENTER", enter_, EDGE + 8
        STACK "ENTER to the absent page", enter_, EDGE
        STACK "ENTER, then a frame in the absent page", enter_big, EDGE + 8
        STACK "POP across", pop_, EDGE - 4
        STACK "RET across", ret_, EDGE - 4
        STACK "IRET, the first part absent", iret_, EDGE - 8
        STACK "PUSHF", pushf_, EDGE
        STACK "POP to memory that is absent", pop_mem, EDGE
        STACK "LEAVE", leave_, EDGE
        TEXT "the upper page is absent"
        mov qword [EPT_PD + 8*8], 0x10000B7
        mov qword [EPT_PD + 9*8], 0
        mov eax, 2
        invept rax, [zeros]
        STACK "PUSH across", push_, EDGE + 4
        STACK "CALL across", call_, EDGE + 4
        STACK "POP across", pop_, EDGE - 4
        STACK "IRET, the last part absent", iret_, EDGE - 8
        STACK "INT through the absent page", int_, EDGE + 16
        GUEST
        vmcall
push_:  push -1
        vmcall
push_mem: push qword [0x110000]
call_:  call guest_code
enter_: enter 0, 0
        vmcall
enter_big: enter 32, 0
        vmcall
pop_:   pop rax
ret_:   ret
iret_:  iretq
pushf_: pushfq
pop_mem: pop qword [EDGE - 8]
        vmcall
leave_: mov rbp, EDGE - 4
        leave
int_:   int 0x30
        section data
        align 8
zeros:  dq 0, 0
