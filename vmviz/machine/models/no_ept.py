"""A processor without EPT, VPID and unrestricted guest: what Bochs's model `core2_penryn_t9600` (Intel Core 2)
reports."""
from __future__ import annotations

from typing import Final

# (leaf, subleaf) -> EAX, EBX, ECX, EDX; a subleaf of None: the leaf has none. What is not here is four zeros.
CPUID: Final[dict[tuple[int, int | None], tuple[int, int, int, int]]] = {
    (0x0, None): (0xD, 0x756E_6547, 0x6C65_746E, 0x4965_6E69),
    (0x1, None): (0x1_067A, 0x1_0800, 0x408_E3FD, 0xBFEB_FBFF),
    (0x2, None): (0x5B0_B101, 0x56_57F0, 0x0, 0x2CB4_304E),
    (0x4, 0): (0x400_0121, 0x1C0_003F, 0x3F, 0x1),
    (0x4, 1): (0x400_0122, 0x1C0_003F, 0x3F, 0x1),
    (0x4, 2): (0x400_4143, 0x5C0_003F, 0xFFF, 0x1),
    (0x5, None): (0x40, 0x40, 0x3, 0x312_2220),
    (0x6, None): (0x3, 0x2, 0x3, 0x0),
    (0xA, None): (0x728_0202, 0x0, 0x0, 0x503),
    (0xD, 0): (0x3, 0x240, 0x240, 0x0),
    (0x8000_0000, None): (0x8000_0008, 0x0, 0x0, 0x0),
    (0x8000_0001, None): (0x0, 0x0, 0x1, 0x2010_0800),
    (0x8000_0002, None): (0x6574_6E49, 0x2952_286C, 0x726F_4320, 0x4D54_2865),
    (0x8000_0003, None): (0x4420_3229, 0x4320_6F75, 0x2020_5550, 0x5420_2020),
    (0x8000_0004, None): (0x3030_3639, 0x2040_2020, 0x3038_2E32, 0x7A_4847),
    (0x8000_0006, None): (0x0, 0x0, 0x1800_8040, 0x0),
    (0x8000_0008, None): (0x3028, 0x0, 0x0, 0x0),
}

MSRS: Final[dict[int, int]] = {
    0xFE: 0x508,                        # IA32_MTRRCAP
    0x480: 0xD8_1000_0000_002B,         # IA32_VMX_BASIC
    0x481: 0x3F_0000_0016,              # IA32_VMX_PINBASED_CTLS
    0x482: 0xF7F9_FFFE_0401_E172,       # IA32_VMX_PROCBASED_CTLS
    0x483: 0x3_FFFF_0003_6DFF,          # IA32_VMX_EXIT_CTLS
    0x484: 0x3FFF_0000_11FF,            # IA32_VMX_ENTRY_CTLS
    0x485: 0x4_01E0,                    # IA32_VMX_MISC
    0x486: 0x8000_0021,                 # IA32_VMX_CR0_FIXED0
    0x487: 0xFFFF_FFFF,                 # IA32_VMX_CR0_FIXED1
    0x488: 0x2000,                      # IA32_VMX_CR4_FIXED0
    0x489: 0x4_67FF,                    # IA32_VMX_CR4_FIXED1
    0x48A: 0x34,                        # IA32_VMX_VMCS_ENUM
    0x48B: 0x41_0000_0000,              # IA32_VMX_PROCBASED_CTLS2
    0x48D: 0x3F_0000_0016,              # IA32_VMX_TRUE_PINBASED_CTLS
    0x48E: 0xF7F9_FFFE_0400_6172,       # IA32_VMX_TRUE_PROCBASED_CTLS
    0x48F: 0x3_FFFF_0003_6DFB,          # IA32_VMX_TRUE_EXIT_CTLS
    0x490: 0x3FFF_0000_11FB,            # IA32_VMX_TRUE_ENTRY_CTLS
}
