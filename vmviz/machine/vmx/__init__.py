"""Intel VMX: the VMCS, VM entry, VM exit, EPT, and when instructions of a guest exit."""
