"""VM-execution controls for random guests: each function adds what one control needs to a `Setting`, all of it legal.

The monitor trap flag is not among them: Bochs lets it be set and never exits for it.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.conformance.fuzz import instructions as i
from tests.conformance.fuzz import scenes as s
from tests.conformance.fuzz import trial as t
from vmviz.machine.vmx import controls as c

IO_BITMAP_A, IO_BITMAP_B, PML_LOG, SHADOW_VMCS = 0x20_3000, 0x20_4000, 0x20_E000, 0x21_8000
VMREAD_BITMAP, VMWRITE_BITMAP, EPTP_LIST, VE_AREA, OTHER_EPT = 0x21_9000, 0x21_A000, 0x21_B000, 0x21_C000, 0x21_D000
ODD_FRAME = 0x1F_0000                   # guest-physical, where EPT shows the odd page; in 16-bit guests LOW_FRAME
LOW_FRAME, LOW_STACK, LOW_DATA = 0xF000, 0x6000, 0xB000
REVISION = 4


@dataclass
class Setting:
    """What a guest gets beyond its scene: fields, control bits, memory by 8-byte cells."""

    scene: s.Scene
    ept: bool
    fields: s.Scene = field(default_factory=dict)
    cells: dict[int, int] = field(default_factory=dict)

    def control(self, word: str, *bits: int) -> None:
        """Set bits of a control word."""
        now = self.fields.get(word, self.scene.get(word, s.standard()[word]))
        for bit in bits:
            now |= bit
        self.fields[word] = now

    def primary(self, *bits: int) -> None:
        self.control("primary_processor_based_controls", *bits)

    def secondary(self, *bits: int) -> None:
        """Secondary controls, activated."""
        if not self.scene.get("primary_processor_based_controls", 0) & c.ACTIVATE_SECONDARY_CONTROLS:
            if "secondary_processor_based_controls" not in self.fields:
                self.fields["secondary_processor_based_controls"] = 0
        self.primary(c.ACTIVATE_SECONDARY_CONTROLS)
        self.control("secondary_processor_based_controls", *bits)

    def bit(self, page: int, number: int, value: bool = True) -> None:
        """One bit of a bitmap (zeros but for what is set so)."""
        address = page + (number >> 6) * 8
        old = self.cells.get(address, 0)
        self.cells[address] = old | 1 << (number & 63) if value else old & ~(1 << (number & 63))


def exceptions(random: Random, to: Setting) -> None:
    """The exception bitmap, often with the page-fault masks."""
    bitmap = random.choice((0xFFFF_FFFF, 1 << 14, 1 << 13, 1 << 1, 1 << 6, random.getrandbits(32), 0x2000_0000 | 1 << 8, 1 << 3 | 1 << 4))
    to.fields["exception_bitmap"] = bitmap
    if s.chance(random, 2):
        to.fields |= {"page_fault_error_code_mask": random.choice((1, 2, 3, 4, 0x10, 0x1F)),
                      "page_fault_error_code_match": random.choice((0, 1, 2, 3, 4, 0x10))}


def masks(random: Random, to: Setting) -> None:
    """Guest/host masks and read shadows of CR0 and CR4, CR3-target values."""
    for register, values in (("cr0", (1, 8, 0xA, 0x10, 0x1_0000, 0x8000_0000, 0x8000_0001, 0xFFFF_FFFF, 0x20, 0x4000_0000)),
                             ("cr4", (0x2000, 0x20, 0x10, 0x200, 0x2_0000, 0xFFFF_FFFF, 0x4, 0x10_0080))):
        if s.chance(random, 2):
            to.fields[f"{register}_guest_host_mask"] = random.choice(values)
            to.fields[f"{register}_read_shadow"] = random.choice((*values, s.standard()[f"guest_{register}"], 0))
    if s.chance(random, 2):
        to.primary(*random.sample((c.CR3_LOAD_EXITING, c.CR3_STORE_EXITING), random.choice((1, 2))))
        to.fields["cr3_target_count"] = random.randrange(5)
        for n in range(4):
            to.fields[f"cr3_target_value_{n}"] = random.choice((t.PML4, t.PD32, t.PDPT_PAE, 0, t.PML4 | 8))
    if s.chance(random, 3):
        to.primary(*random.sample((c.CR8_LOAD_EXITING, c.CR8_STORE_EXITING), random.choice((1, 2))))


def ports(random: Random, to: Setting) -> None:
    """I/O bitmaps, or unconditional I/O exiting, or both."""
    to.primary(*random.choice(((c.USE_IO_BITMAPS,), (c.USE_IO_BITMAPS,), (c.UNCONDITIONAL_IO_EXITING,),
                               (c.USE_IO_BITMAPS, c.UNCONDITIONAL_IO_EXITING))))
    for port in random.sample(i.PORTS, random.randrange(1, 5)):
        near = port + random.randrange(3) & 0xFFFF
        to.bit(IO_BITMAP_B if near & 0x8000 else IO_BITMAP_A, near & 0x7FFF)
    to.bit(IO_BITMAP_A, 0xE9)
    if s.chance(random, 3):
        to.cells[t.TSS + 0x68 + 0x10] = ~(0xFF << 24 | 0xFF) & (1 << 64) - 1 | random.randrange(256) << 24 | random.randrange(256)
        to.fields["guest_rflags"] = to.scene.get("guest_rflags", 2) | random.choice((0, 0x3000))


def msrs(random: Random, to: Setting) -> None:
    """MSR bitmaps."""
    to.primary(c.USE_MSR_BITMAPS)
    for index in random.sample(i.MSRS, random.randrange(6)):
        if index & 0x3FFF_E000 == 0:
            to.bit(s.MSR_BITMAP + random.choice((0, 0x800)) + (0x400 if index >> 31 else 0), index & 0x1FFF)


def instructions(random: Random, to: Setting) -> None:
    """Exiting of single instructions, and enabling of those that are #UD without."""
    to.primary(*random.sample((c.HLT_EXITING, c.INVLPG_EXITING, c.MWAIT_EXITING, c.RDPMC_EXITING, c.RDTSC_EXITING, c.MOV_DR_EXITING,
                               c.MONITOR_EXITING, c.PAUSE_EXITING, c.USE_TSC_OFFSETTING), random.randrange(1, 6)))
    to.secondary(*random.sample((c.DESCRIPTOR_TABLE_EXITING, c.ENABLE_RDTSCP, c.WBINVD_EXITING, c.RDRAND_EXITING, c.ENABLE_INVPCID,
                                 c.RDSEED_EXITING, c.ENABLE_XSAVES_XRSTORS), random.randrange(1, 6)))


def tables(random: Random, to: Setting) -> None:
    """Descriptor-table exiting."""
    to.secondary(c.DESCRIPTOR_TABLE_EXITING)


def tpr(random: Random, to: Setting) -> None:
    """The TPR shadow with a threshold; with EPT's help the APIC-access page, and register virtualization."""
    priority = random.randrange(16)
    to.primary(c.USE_TPR_SHADOW)
    to.fields |= {"virtual_apic_address": s.VIRTUAL_APIC, "tpr_threshold": random.choice((0, priority, random.randrange(priority + 1)))}
    to.cells[s.VIRTUAL_APIC + 0x80] = priority << 4
    if s.chance(random, 2):
        apic_access(random, to)
    if s.chance(random, 3):
        to.secondary(c.APIC_REGISTER_VIRTUALIZATION)
        to.cells[s.VIRTUAL_APIC + 0x20] = 0x0300_0000


def apic_access(random: Random, to: Setting) -> None:
    """The APIC-access page; with virtualized x2APIC MSRs there is none."""
    if to.fields.get("secondary_processor_based_controls", 0) & c.VIRTUALIZE_X2APIC_MODE:
        return
    to.secondary(c.VIRTUALIZE_APIC_ACCESSES)
    to.fields["apic_access_address"] = s.APIC_ACCESS


def alignment(random: Random, to: Setting) -> None:
    """Alignment checks, which act at CPL 3 alone."""
    for name, bit in (("guest_cr0", 1 << 18), ("guest_rflags", 1 << 18)):
        to.fields[name] = to.fields.get(name, to.scene.get(name, s.standard()[name])) | bit
    if s.chance(random, 3):
        to.fields["exception_bitmap"] = 1 << 17


def interrupt_delivery(random: Random, to: Setting) -> None:
    """Virtual-interrupt delivery with interrupts requested and in service, reached by MSRs or by the APIC-access page."""
    to.control("pin_based_controls", c.EXTERNAL_INTERRUPT_EXITING)
    to.primary(c.USE_TPR_SHADOW, c.USE_MSR_BITMAPS)
    more = random.choice(((), (c.APIC_REGISTER_VIRTUALIZATION,)))
    to.secondary(c.VIRTUAL_INTERRUPT_DELIVERY, *more)
    to.fields |= {"virtual_apic_address": s.VIRTUAL_APIC, "tpr_threshold": 0}
    x2apic(random, to) if s.chance(random, 2) else apic_access(random, to)
    requested, serving = random.choice((0, *i.VIRTUAL_VECTORS)), random.choice((0, 0, *i.VIRTUAL_VECTORS))
    to.cells |= {s.VIRTUAL_APIC + 0x80: random.choice((0, 0, 0x20, 0x45, 0xF0)),
                 s.VIRTUAL_APIC + 0xA0: random.choice((0, 0, serving & 0xF0, 0x50))}
    for register, vector in ((0x100, serving), (0x200, requested)):
        to.cells |= dict.fromkeys(range(s.VIRTUAL_APIC + register, s.VIRTUAL_APIC + register + 0x80, 16), 0)
        if vector:
            to.cells[s.VIRTUAL_APIC + register + (vector >> 5 << 4)] = 1 << (vector & 31)
    to.fields["guest_interrupt_status"] = serving << 8 | requested
    to.fields["eoi_exit_bitmap_1"] = random.choice((0, 0, (1 << 64) - 1))
    if not s.chance(random, 3):
        to.fields["guest_rflags"] = to.fields.get("guest_rflags", to.scene.get("guest_rflags", 2)) | 0x200


def x2apic(random: Random, to: Setting) -> None:
    """Virtualized MSRs of the x2APIC, in place of the APIC-access page."""
    to.primary(c.USE_TPR_SHADOW, c.USE_MSR_BITMAPS)
    to.secondary(c.VIRTUALIZE_X2APIC_MODE)
    to.fields["secondary_processor_based_controls"] &= ~c.VIRTUALIZE_APIC_ACCESSES
    to.fields["virtual_apic_address"] = s.VIRTUAL_APIC


def windows(random: Random, to: Setting) -> None:
    """Interrupt-window and NMI-window exiting, the timer at 0, virtual NMIs, pending events of the VMCS."""
    choice = random.randrange(5)
    if choice == 0:
        to.primary(c.INTERRUPT_WINDOW_EXITING)
    elif choice == 1:
        to.control("pin_based_controls", c.NMI_EXITING, c.VIRTUAL_NMIS)
        to.primary(c.NMI_WINDOW_EXITING)
        to.fields["guest_interruptibility_state"] = random.choice((0, 8, 8))
    elif choice == 2:
        to.control("pin_based_controls", c.ACTIVATE_PREEMPTION_TIMER)
        to.fields["vmx_preemption_timer_value"] = 0
    elif choice == 3:
        to.fields["guest_interruptibility_state"] = 2
    else:
        to.fields |= {"guest_rflags": to.scene.get("guest_rflags", 2) | 0x200, "guest_interruptibility_state": 1}
        to.primary(c.INTERRUPT_WINDOW_EXITING)


def shadowing(random: Random, to: Setting) -> None:
    """VMCS shadowing with bitmaps and, mostly, a shadow VMCS behind the link pointer."""
    to.secondary(c.VMCS_SHADOWING)
    to.fields |= {"vmread_bitmap_address": VMREAD_BITMAP, "vmwrite_bitmap_address": VMWRITE_BITMAP}
    if not s.chance(random, 6):
        to.fields["vmcs_link_pointer"] = SHADOW_VMCS
        to.cells[SHADOW_VMCS] = 1 << 31 | REVISION
    for page in (VMREAD_BITMAP, VMWRITE_BITMAP):
        to.cells[page] = random.choice((0, 0, 1 << 3))
        for number in random.sample((0x4400, 0x681E, 0x6820, 0x2800, 0x0802, 0x6400), 2):
            to.bit(page, number)


def functions(random: Random, to: Setting) -> None:
    """VM functions: EPTP switching over a list with good and bad pointers."""
    to.secondary(c.ENABLE_VM_FUNCTIONS)
    to.fields["vm_function_controls"] = random.choice((0, 1, 1))
    if to.fields["vm_function_controls"]:
        if not to.ept:
            to.fields["vm_function_controls"] = 0
            return
        to.fields["eptp_list_address"] = EPTP_LIST
        to.cells[OTHER_EPT] = s.EPT_PDPT | 7
        for n in range(4):
            to.cells[EPTP_LIST + 8 * n] = random.choice((s.EPT_POINTER, OTHER_EPT | 0x1E, 0, OTHER_EPT | 0x5E, OTHER_EPT | 6, 1 << 45 | 0x1E))


def odd_page(random: Random, to: Setting) -> None:
    """The odd page by the guest's own tables: not present, read-only, a supervisor's, no code, reserved bits."""
    entry = i.ODD_PAGE | random.choice((0x66, 0x65, 0x63, 0x61, 0x1 << 63 | 0x67, 1 << 45 | 0x67, 0x7, 0x5, 0x27, 0x1 << 63 | 0x65))
    to.cells[t.PAGE_TABLE + 8 * 0x101] = entry


def ept_page(random: Random, to: Setting) -> None:
    """The odd page behind a 4-KiB EPT entry with fewer rights, or a broken one; or rights taken from tables and code."""
    low = to.fields.get("guest_cs_base", to.scene.get("guest_cs_base", 0)) != 0
    frame = LOW_FRAME if low else ODD_FRAME
    to.cells[t.PAGE_TABLE + 8 * 0x101] = frame | 0x67
    host = random.choice((i.ODD_PAGE, i.ODD_PAGE, i.ODD_PAGE, s.APIC_ACCESS))
    rights = random.choice((7, 7, 0, 1, 3, 4, 5, 2, 6, 0x107))
    extra = random.choice((0x30, 0x30, 0x30, 0x30, 0x18, 0x10, 0x38, 0, 1 << 45 | 0x30, 0x100030, 1 << 63 | 0x30))
    to.cells[s.EPT_PT + (frame >> 12) * 8] = host | rights | extra
    if s.chance(random, 3):
        page = random.choice((t.PAGE_TABLE, t.PML4, t.CODE, t.GDT, 0x11_1000, t.PD32, t.PDPT_PAE, t.STUBS, t.IDT32))
        to.cells[s.EPT_PT + (page >> 12) * 8] = page | random.choice((0x31, 0x33, 0x34, 0x35, 0x30, 0x32, 0x36, 0x3F))


def logging(random: Random, to: Setting) -> None:
    """EPT's accessed and dirty flags, with or without page-modification logging."""
    to.fields["ept_pointer"] = s.EPT_POINTER | 0x40
    if s.chance(random, 2):
        to.secondary(c.ENABLE_PML)
        to.fields |= {"pml_address": PML_LOG, "pml_index": random.choice((511, 0, 1, 2, 0xFFFF, 512))}


def virtualization_exceptions(random: Random, to: Setting) -> None:
    """#VE instead of EPT violations."""
    to.secondary(c.EPT_VIOLATION_VE)
    to.fields["virtualization_exception_info_address"] = VE_AREA
    to.cells[VE_AREA] = random.choice((0, 0, 0xFFFF_FFFF << 32))
    if s.chance(random, 3):
        to.fields["exception_bitmap"] = 1 << 20


def vpid(random: Random, to: Setting) -> None:
    """A VPID."""
    to.secondary(c.ENABLE_VPID)
    to.fields["vpid"] = random.choice((1, 0xFFFF))


def saved_msrs(random: Random, to: Setting) -> None:
    """EFER and PAT saved and loaded; the MSRs of SYSCALL and SYSENTER loaded by the entry."""
    to.control("primary_vm_exit_controls", c.SAVE_EFER, c.SAVE_PAT, c.EXIT_LOAD_PAT)
    to.fields["host_ia32_pat"] = 0x7_0406_0007_0406
    long = to.scene.get("vm_entry_controls", s.ENTRY) & c.IA32E_MODE_GUEST
    to.fields["vm_entry_controls"] = to.scene.get("vm_entry_controls", s.ENTRY) | c.ENTRY_LOAD_EFER
    to.fields["guest_ia32_efer"] = (0x500 if long else 0) | random.choice((0, 1, 1, 1, 0x801))
    to.fields |= {"guest_ia32_sysenter_cs": random.choice((0, 8, 0x18, 0x13)), "guest_ia32_sysenter_esp": t.RING0_STACK,
                  "guest_ia32_sysenter_eip": t.STUBS + 0x420}
    area = ((0xC000_0081, random.choice((0x0023_0018 << 32 | t.STUBS + 0x430, 0x001B_0008 << 32 | t.STUBS, 0x0013_0018 << 32))),
            (0xC000_0082, random.choice((t.STUBS + 0x400, t.STUBS + 0x410, 0xFFFF_8000_0000_0000))),
            (0xC000_0084, random.choice((0, 0x202, 0x4_7700))), (0xC000_0102, random.choice((0, 0x30_0000, 1 << 63 | 0xFFFF << 47))))
    to.fields |= {"entry_msr_load_count": 4, "entry_msr_load_address": s.MSR_AREA}
    for n, (index, value) in enumerate(area):
        to.cells |= {s.MSR_AREA + 16 * n: index, s.MSR_AREA + 16 * n + 8: value}


ANY = (exceptions, masks, ports, msrs, instructions, tables, tpr, windows, shadowing, functions, odd_page, vpid, saved_msrs,
       interrupt_delivery, alignment)
WITH_EPT = (ept_page, ept_page, logging, virtualization_exceptions)
BY_SUBJECT = {
    "control registers": (masks, masks, tpr), "ports": (ports,), "msrs": (msrs, saved_msrs, instructions), "local APIC": (interrupt_delivery, interrupt_delivery, x2apic, tpr), "tables": (tables, exceptions),
    "vmx": (shadowing, functions), "others": (instructions, instructions, windows), "debug registers": (instructions, exceptions),
    "transfers": (exceptions, saved_msrs, windows), "strings": (odd_page, exceptions, alignment), "arithmetic": (odd_page, exceptions, alignment),
    "bit manipulation": (odd_page, alignment, masks)}
