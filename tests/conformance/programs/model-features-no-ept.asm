; TITLE: instructions that CPUID of this model does not report are #UD; LZCNT and TZCNT are BSR and BSF then
; SDM: Processor identification and feature determination
; MODEL: core2_penryn_t9600
%include "model_features.inc"
