; TITLE: instructions that CPUID of this model does not report are #UD; LZCNT and TZCNT are BSR and BSF then
; SDM: Processor identification and feature determination
; MODEL: corei7_sandy_bridge_2600k
%include "model_features.inc"
