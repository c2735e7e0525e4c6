; TITLE: model-specific registers: which are there, and which of their bits RDMSR and WRMSR allow
; SDM: "WRMSR—Write to Model Specific Register"; "Architectural MSRs"
; MODEL: tigerlake
%include "msr_bits.inc"
