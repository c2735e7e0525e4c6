; TITLE: which VMCS encodings VMREAD and VMWRITE know
; SDM: "VMREAD-Read Field from Virtual-Machine Control Structure"; "Field Encoding in VMCS"
%include "vmxlab.inc"
CASE
        VMX_ON
        VMCS_STD 0x110000
        xor r8d, r8d
.l:     mov rax, r8
        push FLAGS6
        popfq
        vmread rcx, rax
        jbe .no
        SHOW "field", r8
.no:    inc r8
        cmp r8d, 0x7000
        jb .l
        DONE
