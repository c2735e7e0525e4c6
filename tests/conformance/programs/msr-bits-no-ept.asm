; TITLE: model-specific registers: which are there, and which of their bits RDMSR and WRMSR allow
; SDM: "WRMSR—Write to Model Specific Register"; "Architectural MSRs"
; MODEL: core2_penryn_t9600
%include "msr_bits.inc"
