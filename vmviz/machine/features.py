"""Which instructions a processor model has: CPUID's feature bits, for the features that iced-x86 names.

Asked once, when an instruction is bound to its place in memory (decode.py): one whose feature the model's CPUID lacks
is #UD there, so nothing of this is asked while code runs. A few encodings mean another instruction where the feature
is missing: LZCNT is BSR, TZCNT is BSF, WBNOINVD is WBINVD; the decoder is told so. Hints that are NOPs on processors
that do not know them (PREFETCHW, CLDEMOTE, ENDBR, RDSSP, the MPX opcodes) are in no row: they exist everywhere. (SDM
volume 1, "Processor Identification and Feature Determination"; volume 2, "CPUID—CPU Identification".)
"""
from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import iced_x86 as ix
from iced_x86 import CpuidFeature, DecoderOptions

if TYPE_CHECKING:
    from vmviz.machine.models import Model

EAX, EBX, ECX, EDX = range(4)
REGISTER_NAMES: Final = ("EAX", "EBX", "ECX", "EDX")


class FeatureBit(NamedTuple):
    """Where CPUID tells of a feature; `text()` writes it as the manual does."""

    leaf: int
    subleaf: int
    register: int
    bit: int

    def text(self) -> str:
        """For instance CPUID.(7,0):EBX[3], or CPUID.1:ECX[22]."""
        leaf = f"{self.leaf:X}h" if self.leaf > 9 else str(self.leaf)
        where = f"({leaf},{self.subleaf})" if self.leaf in (7, 0xD, 0x14) else leaf
        return f"CPUID.{where}:{REGISTER_NAMES[self.register]}[{self.bit}]"


# (leaf, subleaf, register) -> bit -> the features of iced-x86 that it stands for.
_WORDS: Final[dict[tuple[int, int, int], dict[int, str]]] = {
    (1, 0, EDX): {0: "FPU FPU287 FPU387", 4: "TSC", 5: "MSR", 8: "CX8", 11: "SEP", 15: "CMOV", 19: "CLFSH", 23: "MMX",
                  24: "FXSR", 25: "SSE", 26: "SSE2"},
    (1, 0, ECX): {0: "SSE3", 1: "PCLMULQDQ", 3: "MONITOR", 5: "VMX", 6: "SMX", 9: "SSSE3", 12: "FMA", 13: "CMPXCHG16B",
                  19: "SSE4_1", 20: "SSE4_2", 22: "MOVBE", 23: "POPCNT", 25: "AES", 26: "XSAVE", 28: "AVX", 29: "F16C",
                  30: "RDRAND"},
    (7, 0, EBX): {0: "FSGSBASE", 2: "SGX1", 3: "BMI1", 5: "AVX2", 8: "BMI2", 10: "INVPCID", 11: "RTM HLE_OR_RTM",
                  16: "AVX512F", 17: "AVX512DQ", 18: "RDSEED", 19: "ADX", 20: "SMAP", 21: "AVX512_IFMA", 22: "PCOMMIT",
                  23: "CLFLUSHOPT", 24: "CLWB", 26: "AVX512PF", 27: "AVX512ER", 28: "AVX512CD", 29: "SHA",
                  30: "AVX512BW", 31: "AVX512VL"},
    (7, 0, ECX): {1: "AVX512_VBMI", 3: "PKU", 5: "WAITPKG", 6: "AVX512_VBMI2", 8: "GFNI", 9: "VAES", 10: "VPCLMULQDQ",
                  11: "AVX512_VNNI", 12: "AVX512_BITALG", 14: "AVX512_VPOPCNTDQ", 22: "RDPID", 23: "KL AESKLE WIDE_KL",
                  27: "MOVDIRI", 28: "MOVDIR64B", 29: "ENQCMD"},
    (7, 0, EDX): {2: "AVX512_4VNNIW", 3: "AVX512_4FMAPS", 5: "UINTR", 8: "AVX512_VP2INTERSECT", 14: "SERIALIZE",
                  16: "TSXLDTRK", 18: "PCONFIG", 22: "AMX_BF16", 23: "AVX512_FP16", 24: "AMX_TILE", 25: "AMX_INT8"},
    (7, 1, EAX): {0: "SHA512", 1: "SM3", 2: "SM4", 3: "RAO_INT", 4: "AVX_VNNI", 5: "AVX512_BF16", 7: "CMPCCXADD",
                  17: "FRED", 18: "LKGS", 19: "WRMSRNS", 21: "AMX_FP16", 22: "HRESET", 23: "AVX_IFMA", 27: "MSRLIST"},
    (7, 1, EBX): {1: "TSE"},
    (7, 1, EDX): {4: "AVX_VNNI_INT8", 5: "AVX_NE_CONVERT", 8: "AMX_COMPLEX", 10: "AVX_VNNI_INT16"},
    (0xD, 1, EAX): {0: "XSAVEOPT", 1: "XSAVEC", 3: "XSAVES"},
    (0x14, 0, EBX): {4: "PTWRITE"},
    (0x8000_0001, 0, ECX): {2: "SVM", 5: "LZCNT", 6: "SSE4A", 11: "XOP", 12: "SKINIT_OR_SVM", 15: "LWP", 16: "FMA4",
                            21: "TBM", 29: "MONITORX"},
    (0x8000_0001, 0, EDX): {11: "SYSCALL", 27: "RDTSCP", 30: "D3NOWEXT", 31: "D3NOW"},
    (0x8000_0008, 0, EBX): {0: "CLZERO", 3: "INVLPGB", 4: "RDPRU", 8: "MCOMMIT", 9: "WBNOINVD"},
    (0x8000_001F, 0, EAX): {3: "SEV_ES", 4: "SEV_SNP RMPQUERY"},
}
BITS: Final[dict[str, FeatureBit]] = {
    name: FeatureBit(*word, bit) for word, bits in _WORDS.items() for bit, names in bits.items()
    for name in names.split()}
# Of other makers, of processors long gone, or of modes that no model has: #UD on every model.
NOWHERE: Final = tuple(
    "CENTAUR_AIS CL1INVMB CYRIX_D3NOW CYRIX_DDI CYRIX_DMI CYRIX_EMMI CYRIX_FPU CYRIX_SHR CYRIX_SMINT CYRIX_SMINT_0F7E "
    "CYRIX_SMM FPU287XL_ONLY FPU387SL_ONLY IA64 INTEL286_ONLY INTEL386_A0_ONLY INTEL386_ONLY INTEL486_A_ONLY "
    "INTEL8086_ONLY KNC MOV_TR OSS PADLOCK_ACE PADLOCK_GMI PADLOCK_PHE PADLOCK_PMM PADLOCK_RNG PADLOCK_UNDOC TDX UDBG "
    "UMOV".split())
# Where the feature is missing, the encoding is another instruction.
_DECODED_AS_BEFORE: Final = {"LZCNT": DecoderOptions.NO_MPFX_0FBD, "BMI1": DecoderOptions.NO_MPFX_0FBC,
                             "WBNOINVD": DecoderOptions.NO_WBNOINVD}


def has(model: Model, feature: str) -> bool:
    """Does the model's CPUID report a feature (by its name in iced-x86)?"""
    at = BITS[feature]
    return model.has(at.leaf, at.register, at.bit, at.subleaf)


@cache
def absent(model: Model) -> frozenset[int]:
    """The features of iced-x86 whose instructions are #UD on the model."""
    names = [name for name in BITS if not has(model, name)]
    return frozenset(getattr(CpuidFeature, name) for name in (*names, *NOWHERE))


@cache
def decoder_options(model: Model) -> int:
    """How the model's decoder reads the encodings that mean something else where a feature is missing."""
    options = 0
    for name, option in _DECODED_AS_BEFORE.items():
        if not has(model, name):
            options |= int(option)
    return options


def lacks(model: Model, instruction: ix.Instruction) -> bool:
    """Is a decoded instruction #UD on the model because CPUID does not report all that it needs?"""
    missing = absent(model)
    return any(feature in missing for feature in instruction.cpuid_features())
