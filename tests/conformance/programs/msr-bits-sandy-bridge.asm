; TITLE: model-specific registers: which are there, and which of their bits RDMSR and WRMSR allow
; SDM: "WRMSR—Write to Model Specific Register"; "Architectural MSRs"
; MODEL: corei7_sandy_bridge_2600k
%include "msr_bits.inc"
