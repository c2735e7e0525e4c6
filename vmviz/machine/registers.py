"""Every named slot of a logical processor's state, and the bits of its registers.

The state of a processor is one list of unsigned 64-bit integers; a slot is an index into it. The journal records
(slot, old, new) triples, so whatever is to survive going back and forth must live in a slot here or in memory.
Memory is journaled under slots of its own: see `memory.slot_of`. Nothing here executes anything.

Segment registers keep the form of the VMCS: selector, base, limit in bytes, access rights with bit 16 = unusable
(SDM volume 3, "Guest Register State").
"""
from __future__ import annotations

from typing import Final

_NAMES: list[str] = []


def _slot(*names: str) -> int:
    """Give the next slots to `names`; the first one's number."""
    first = len(_NAMES)
    _NAMES.extend(names)
    return first


RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
_slot("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
RIP: Final = _slot("rip")
RFLAGS: Final = _slot("rflags")
CR0: Final = _slot("cr0")
CR2: Final = _slot("cr2")
CR3: Final = _slot("cr3")
CR4: Final = _slot("cr4")
XCR0: Final = _slot("xcr0")
DR0: Final = _slot("dr0", "dr1", "dr2", "dr3")
DR6: Final = _slot("dr6")
DR7: Final = _slot("dr7")

# Segment registers in the order of their VMCS encodings; four slots each.
ES, CS, SS, DS, FS, GS, LDTR, TR = range(8)
SEGMENT_NAMES: Final = ("es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr")
SEGMENTS: Final = _slot(*(f"{s}_{part}" for s in SEGMENT_NAMES for part in ("selector", "base", "limit", "rights")))
SELECTOR, BASE, LIMIT, RIGHTS = range(4)
CS_SELECTOR, CS_BASE, CS_LIMIT, CS_RIGHTS = range(SEGMENTS + 4 * CS, SEGMENTS + 4 * CS + 4)
SS_SELECTOR, SS_BASE, SS_LIMIT, SS_RIGHTS = range(SEGMENTS + 4 * SS, SEGMENTS + 4 * SS + 4)
FS_BASE: Final = SEGMENTS + 4 * FS + BASE
GS_BASE: Final = SEGMENTS + 4 * GS + BASE
TR_BASE: Final = SEGMENTS + 4 * TR + BASE
LDTR_BASE: Final = SEGMENTS + 4 * LDTR + BASE
GDTR_BASE: Final = _slot("gdtr_base")
GDTR_LIMIT: Final = _slot("gdtr_limit")
IDTR_BASE: Final = _slot("idtr_base")
IDTR_LIMIT: Final = _slot("idtr_limit")
PDPTE0: Final = _slot("pdpte0", "pdpte1", "pdpte2", "pdpte3")
CPL: Final = _slot("cpl")

# Model-specific registers that are plain storage (msr.py says which number is which slot).
EFER: Final = _slot("ia32_efer")
STAR: Final = _slot("ia32_star")
LSTAR: Final = _slot("ia32_lstar")
CSTAR: Final = _slot("ia32_cstar")
FMASK: Final = _slot("ia32_fmask")
KERNEL_GS_BASE: Final = _slot("ia32_kernel_gs_base")
TSC_AUX: Final = _slot("ia32_tsc_aux")
SYSENTER_CS: Final = _slot("ia32_sysenter_cs")
SYSENTER_ESP: Final = _slot("ia32_sysenter_esp")
SYSENTER_EIP: Final = _slot("ia32_sysenter_eip")
PAT: Final = _slot("ia32_pat")
DEBUGCTL: Final = _slot("ia32_debugctl")
FEATURE_CONTROL: Final = _slot("ia32_feature_control")
APIC_BASE: Final = _slot("ia32_apic_base")
MISC_ENABLE: Final = _slot("ia32_misc_enable")
PERF_GLOBAL_CTRL: Final = _slot("ia32_perf_global_ctrl")
PKRS: Final = _slot("ia32_pkrs")
S_CET: Final = _slot("ia32_s_cet")
U_CET: Final = _slot("ia32_u_cet")
SSP: Final = _slot("ssp")
SSP_TABLE: Final = _slot("ia32_interrupt_ssp_table_addr")
XSS: Final = _slot("ia32_xss")
SPEC_CTRL: Final = _slot("ia32_spec_ctrl")
BNDCFGS: Final = _slot("ia32_bndcfgs")
PKRU: Final = _slot("pkru")
TSC_ADJUST: Final = _slot("ia32_tsc_adjust")  # the time-stamp counter is this plus the number of complete steps
MSR_SPARE: Final = _slot(*(f"msr_spare_{n}" for n in range(64)))  # plain storage given out by msr.py (MTRRs, ...)
TSC_WRITTEN: Final = MSR_SPARE + 28  # IA32_TSC_ADJUST: what software has added to the time-stamp counter

# VMX (SDM volume 3, "Introduction to Virtual Machine Extensions").
OPERATION: Final = _slot("vmx_operation")
OFF, ROOT, NON_ROOT = range(3)
OPERATION_NAMES: Final = ("off", "root", "non_root")
VMXON_POINTER: Final = _slot("vmxon_pointer")
CURRENT_VMCS: Final = _slot("current_vmcs")
NO_VMCS: Final = (1 << 64) - 1
OUTCOME: Final = _slot("vmx_outcome")  # of the last VMX instruction, as isa/vmx.py packs it
EXITS: Final = _slot("vm_exits")
ENTRIES: Final = _slot("vm_entries")
KNOWN_VMCS: Final = _slot(*(f"known_vmcs_{n}" for n in range(16)))  # in the order of their first VMCLEAR
TIMER_DEADLINE: Final = _slot("preemption_timer_deadline")  # time-stamp count at which the timer is zero; all ones: off
MTF_PENDING: Final = _slot("mtf_pending")
PLE_FIRST: Final = _slot("pause_loop_first")
PLE_LAST: Final = _slot("pause_loop_last")

# Non-register state (SDM volume 3, "Guest Non-Register State").
ACTIVITY: Final = _slot("activity_state")
ACTIVE, HLT, SHUTDOWN, WAIT_FOR_SIPI = range(4)
ACTIVITY_NAMES: Final = ("active", "hlt", "shutdown", "wait_for_sipi")
INTERRUPTIBILITY: Final = _slot("interruptibility_state")
BY_STI, BY_MOV_SS, BY_SMI, BY_NMI = 1, 2, 4, 8
SHADOW_STEP: Final = _slot("interrupt_shadow_step")  # step that set BY_STI or BY_MOV_SS
PENDING_DEBUG: Final = _slot("pending_debug_exceptions")
VIRTUAL_NMI_BLOCKING: Final = _slot("virtual_nmi_blocking")
NMI_PENDING: Final = _slot("nmi_pending")
INIT_PENDING: Final = _slot("init_pending")
SIPI_PENDING: Final = _slot("sipi_pending")  # 100h + vector, or 0
MONITOR_ADDRESS: Final = _slot("monitor_address")  # physical address armed by MONITOR; all ones: none

# Local APIC: its 64 registers of 32 bits, by offset / 16 (SDM volume 3, "Local APIC Register Address Map").
APIC: Final = _slot(*(f"apic_{n:02x}0" for n in range(64)))
APIC_TIMER_DEADLINE: Final = _slot("apic_timer_deadline")  # time-stamp count of the next expiry; all ones: off

# Of the machine as a whole, in the first processor's slots (board.py); KNOWN_VMCS is another of these.
SHUTDOWN_PORT: Final = _slot("shutdown_port")  # how many characters of "Shutdown" port 8900h has seen
TURN: Final = _slot("turn")  # the number of the processor that makes the next step
TURN_ENDS: Final = _slot("turn_ends")  # the time at which it has had its quantum
ARRIVED: Final = _slot("arrived")  # how many of the signals from outside have arrived

# Translation lookaside buffer: three slots an entry (see paging.py).
TLB_ENTRIES: Final = 512
TLB: Final = _slot(*(f"tlb_{n}_{part}" for n in range(TLB_ENTRIES) for part in ("key", "tag", "mapping")))

SLOT_NAMES: Final = tuple(_NAMES)
SLOT: Final = {name: number for number, name in enumerate(SLOT_NAMES)}
SLOTS: Final = len(SLOT_NAMES)

# RFLAGS (SDM volume 1, "EFLAGS Register").
CF, PF, AF, ZF, SF, TF, IF, DF, OF = 1, 4, 0x10, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
IOPL, NT, RF, VM, AC, VIF, VIP, ID = 0x3000, 0x4000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000
STATUS_FLAGS: Final = CF | PF | AF | ZF | SF | OF

# CR0, CR4, EFER (SDM volume 3, "Control Registers"; "Extended Feature Enable Register").
CR0_PE, CR0_MP, CR0_EM, CR0_TS, CR0_ET, CR0_NE = 1, 2, 4, 8, 0x10, 0x20
CR0_WP, CR0_AM, CR0_NW, CR0_CD, CR0_PG = 1 << 16, 1 << 18, 1 << 29, 1 << 30, 1 << 31
CR4_VME, CR4_PVI, CR4_TSD, CR4_DE, CR4_PSE, CR4_PAE, CR4_MCE, CR4_PGE, CR4_PCE = (1 << n for n in range(9))
CR4_OSFXSR, CR4_OSXMMEXCPT, CR4_UMIP, CR4_LA57, CR4_VMXE, CR4_SMXE = (1 << n for n in range(9, 15))
CR4_FSGSBASE, CR4_PCIDE, CR4_OSXSAVE, CR4_KL, CR4_SMEP, CR4_SMAP, CR4_PKE, CR4_CET = (1 << n for n in range(16, 24))
EFER_SCE, EFER_LME, EFER_LMA, EFER_NXE, EFER_SVME = 1, 1 << 8, 1 << 10, 1 << 11, 1 << 12

# Access rights (SDM volume 3, "Format of Access Rights").
AR_TYPE, AR_S, AR_DPL, AR_P, AR_L, AR_DB, AR_G, AR_UNUSABLE = 0xF, 0x10, 0x60, 0x80, 1 << 13, 1 << 14, 1 << 15, 1 << 16

MASK64: Final = (1 << 64) - 1
MASK32: Final = (1 << 32) - 1
NEVER: Final = MASK64


def segment(index: int, part: int) -> int:
    """The slot of one part (SELECTOR, BASE, LIMIT, RIGHTS) of segment register `index` (ES..TR)."""
    return SEGMENTS + 4 * index + part
