; TITLE: the three MSR areas: 16-byte aligned, first and last byte within the physical-address width, if the count is not 0
; SDM: "Checks on VM-Exit Control Fields"; "Checks on VM-Entry Control Fields"
%include "vmxlab.inc"
%macro AREA 3                           ; name, address field, count field
        TEXT %1
        VMW %3, 0
        VMW %2, 8
        ENTER "count 0, not aligned", vmlaunch
        vmclear [p_vmcs_a]
        vmptrld [p_vmcs_a]
        VMW %3, 1
        ENTER "not aligned", vmlaunch
        mov rax, 1 << 40
        VMW %2, rax
        ENTER "beyond the width", vmlaunch
        mov rax, (1 << 40) - 16
        VMW %2, rax
        VMW %3, 2
        ENTER "last entry beyond the width", vmlaunch
        VMW %3, 0
        VMW %2, 0
%endmacro
CASE
        VMX_ON
        VMCS_STD
        AREA "exit store", EXIT_MSR_STORE, EXIT_MSR_STORE_N
        AREA "exit load", EXIT_MSR_LOAD, EXIT_MSR_LOAD_N
        AREA "entry load", ENTRY_MSR_LOAD, ENTRY_MSR_LOAD_N
        GUEST
        vmcall
