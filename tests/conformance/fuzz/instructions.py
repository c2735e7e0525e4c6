"""Instructions for random guests, as templates by subject: `program` makes a sequence of them.

A template is one or more lines; words in braces stand for a random operand of a kind (`_WORDS`). Only RAX, RCX, RDX and,
in 64-bit code, R8 to R13 are computed with: RBX, RSI, RDI (and R14, R15) stay pointers, so that no store goes astray.
What hangs on the clock is overwritten at once. Templates of `_LEGACY` exist outside 64-bit code only, those of
`_LONG` in 64-bit code only.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.conformance.fuzz import trial as t

CELL, CROSSING, ODD_PAGE, UNMAPPED, UNMAPPED_32, APIC_PAGE = (
    t.DATA, t.DATA + 0xFFC, t.DATA + 0x1000, 0x80_0008, 0x400_0008, 0x20_7000)
FAR_POINTERS = t.DATA + 0x40
SELECTORS = (0, 3, 8, 0x10, 0x18, 0x1B, 0x13, 0x20, 0x23, 0x2B, 0x28, 0x30, 0x40, 0x43, 0x50, 0x58, 0x60, 0x63, 0x68, 0x70, 0x80,
             0x90, 0xA0, 0xF0, 0x14, 4, 0xC, 0xFFF8, 0xA8, 0xAB, 0xB0, 0xB3, 0xBB, 0xC0, 0xC3, 0xC8, 0xCB, 0xD0, 0xD8, 0xDB, 0xE0, 0xE3)
# Not IA32_DEBUGCTL (1D9h), which Bochs's model does not have.
MSRS = (0x174, 0x175, 0x176, 0x277, 0x3A, 0x480, 0x48B, 0x491, 0xC000_0080, 0xC000_0081, 0xC000_0082,
        0xC000_0084, 0xC000_0100, 0xC000_0101, 0xC000_0102, 0xC000_0103, 0x2FF, 0x808, 0x123_4567, 0xC000_1FFF, 0xC000_2000,
        0x1FFF, 0x2000, 0xFE)
WRITTEN_MSRS = (0x174, 0x175, 0x176, 0xC000_0081, 0xC000_0082, 0xC000_0084, 0xC000_0100, 0xC000_0101, 0xC000_0102,
                0xC000_0103, 0x3A, 0x480, 0x277, 0xC000_1FFF, 0x2000, 0x123_4567)
VIRTUAL_VECTORS = (0x31, 0x41, 0x4F, 0x52, 0x61)
PORTS = (0x9C, 0x9D, 0x18, 0x7FFF, 0x8000, 0xFFFF, 0x5000, 0x7FFD)
_LEAVES = (0, 1, 7, 0xD, 0x8000_0001, 0x8000_0008, 0x4000_0000)
_CR0_BITS = (0, 1, 2, 3, 3, 4, 5, 16, 18, 29, 30, 31, 6, 28)
_CR4_BITS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 18, 20, 21, 19, 25, 31)
_IMMEDIATES = (0, 1, 2, 7, 0x1F, 0x20, 0x7F, -1, -128)
_BY_SIZE = {
    8: ("al", "ah", "cl", "dl", "ch"), 16: ("ax", "cx", "dx"), 32: ("eax", "ecx", "edx"),
    64: ("rax", "rcx", "rdx", "r8", "r9", "r12", "r13")}
_KEYWORDS = {8: "byte", 16: "word", 32: "dword", 64: "qword"}


@dataclass(frozen=True)
class Place:
    """Where code runs: its width, whether at ring 0, where the odd page is seen and where data lie (16-bit code)."""

    bits: int
    ring: int = 0
    odd_page: int = ODD_PAGE
    data: int = CELL


_ARITHMETIC = (
    "add {r}, {r}", "adc {r}, {m}", "sub {m}, {r}", "sbb {r}, {i}", "lock add {m}, {r}", "xchg {m}, {r}", "cmpxchg {m}, {r}",
    "cmpxchg8b {q}", "xadd {m}, {r}", "lock xadd {m}, {r}", "bts {m}, 5", "btr {r}, {r}", "btc {r}, 3", "shl {r}, {n}",
    "sar {m}, 1", "ror {r}, cl", "rcl {r}, 1", "shld {r}, {r}, {n}", "mul {r}", "imul {r}, {m}", "imul {r}, {r}, {i}",
    "mov {k} {p}, 3\ndiv {k} {p}", "idiv {m}", "bsf {r}, {m}", "bsr {r}, {r}", "popcnt {r}, {m}", "movbe {r}, {m}", "neg {m}",
    "not {r}", "inc {m}", "dec {r}", "and {r}, {m}", "or {m}, {r}", "xor {r}, {r}", "test {m}, {r}", "cmp {r}, {m}",
    "movzx {r}, {b}", "movsx {r}, {b}", "setc {b}", "setle {b}", "cmovz {r}, {m}", "lea {r}, {p}", "cbw", "cwd", "stc", "cmc",
    "lahf", "sahf", "mov {m}, {r}", "mov {r}, {m}", "mov {m}, {i}", "mov {b}, {r8}", "push {m}", "pop {m}", "push {i}",
    "push {N}\npop {N}", "pushf\npop {N}", "nop", "cld", "cpuid", "bt {m}, {r}", "xlatb")
# Not ADOX: Bochs gives OF the signed overflow of the sum, not its carry.
_BIT_MANIPULATION = (
    "adcx {r32}, {m32}", "lzcnt {r}, {m}", "tzcnt {r}, {r}", "lock add {m}, {r}", "lock dec {m}", "lock btr {m}, 3",
    "bts {m}, {r}", "btc {m}, {r}", "add {m}, {i}", "adc {m}, {r}", "xchg {r}, {m}", "cmpxchg8b {q}", "rol {m}, {n}", "rcr {m}, cl",
    "shrd {m}, {r}, cl", "imul {r}, {r}", "mul {m}", "bswap {r32}")
VEX = (
    "andn {r32}, {r32}, {m32}", "bextr {r32}, {m32}, {r32}", "blsi {r32}, {m32}", "blsmsk {r32}, {r32}", "blsr {r32}, {m32}",
    "bzhi {r32}, {m32}, {r32}", "mulx {r32}, {r32}, {m32}", "pdep {r32}, {r32}, {m32}", "pext {r32}, {r32}, {m32}", "rorx {r32}, {m32}, {n}",
    "sarx {r32}, {m32}, {r32}", "shlx {r32}, {m32}, {r32}", "shrx {r32}, {r32}, {r32}", "db 0x66\nblsr {r32}, {m32}")
_STRINGS = (
    "movsb", "movsd", "cld\nlodsd", "stosw", "scasb", "cmpsd", "mov {C}, 3\nrep movsb", "mov {C}, 2\nrep stosd",
    "mov {C}, 3\nrepe cmpsb", "mov {C}, 4\nrepne scasb", "std\nmov {C}, 2\nrep stosb\ncld", "mov {C}, 0\nrep movsd",
    "mov {C}, {odd}-4\nmov {D}, {C}\nmov {C}, 3\nrep stosw", "mov {D}, {odd}-2\nmov {C}, 3\nrep movsw",
    "mov {D}, {bad}\nmov {C}, 1\nrep stosb", "mov {S}, {odd}-3\nmov {C}, 5\nrep lodsb",
    "mov {D}, {odd}-8\nmov {C}, 4\nrep stosd", "mov {D}, {odd}+16\nstd\nmov {C}, 3\nrep movsd\ncld")
_CONTROL_REGISTERS = (
    "mov {A}, cr0\nbtc {A}, {cr0}\nmov cr0, {A}", "mov {A}, cr4\nbtc {A}, {cr4}\nmov cr4, {A}", "mov {R}, cr0", "mov {R}, cr3",
    "mov {R}, cr4", "mov {R}, cr2", "mov {A}, cr3\nmov cr3, {A}", "mov {A}, cr3\nbtc {A}, {bit}\nmov cr3, {A}",
    "mov {A}, {i}\nmov cr2, {A}", "clts", "smsw {w}", "smsw {r}", "mov ax, {lmsw}\nlmsw ax", "mov {w}, {lmsw}\nlmsw {w}",
    "mov {A}, cr0\nxor {A}, {cr0pair}\nmov cr0, {A}", "mov {R}, cr1", "mov {A}, {target}\nmov cr3, {A}")
_DEBUG_REGISTERS = (
    "mov {R}, dr{d}", "mov {A}, {i}\nmov dr6, {A}", "mov {A}, {dr7}\nmov dr7, {A}", "mov {A}, {cell}\nmov dr{d03}, {A}",
    "mov {A}, {cell}\nmov dr0, {A}\nmov {A}, {dr7}\nmov dr7, {A}", "pushf\nor word [{SP}], 0x100\npopf",
    "mov {A}, 0x2400\nmov dr7, {A}", "icebp", "mov ax, ss\nmov ss, ax")
_TABLES = (
    "sgdt {once}", "sidt {once}", "lgdt {p}", "lidt {p}", "sldt {w}", "str {w}", "sldt {r}", "str {r}", "mov ax, {sel}\nlldt ax",
    "mov ax, {sel}\nltr ax", "lldt {w}", "mov cx, {sel}\nlar {r}, cx", "mov dx, {sel}\nlsl {r}, dx", "mov ax, {sel}\nverr ax",
    "mov ax, {sel}\nverw ax", "mov ax, {sel}\nmov {seg}, ax", "mov {w}, {seg}", "push fs\npop gs", "mov {w}, {sel}\nmov {seg}, {w}",
    "lfs {q32}, {far}", "lss {q32}, {far}", "lar {r}, {w}", "lsl {r}, {w}", "mov ax, ds\nmov es, ax", "mov {R}, {seg}",
    "mov ax, {sel}\nmov ss, ax", "verw {w}")
_MSRS = (
    "mov ecx, {msr}\nrdmsr", "mov ecx, {wmsr}\nrdmsr\nwrmsr", "mov ecx, {wmsr}\nxor eax, eax\nxor edx, edx\nwrmsr",
    "mov ecx, {wmsr}\nmov eax, {stub}\nmov edx, {high}\nwrmsr", "mov ecx, 0xC0000080\nrdmsr\nbtc eax, {efer}\nwrmsr",
    "rdtsc\nmov eax, 1\nmov edx, 2", "rdtscp\nmov eax, 1\nmov edx, 2", "xor ecx, ecx\nxgetbv", "xor ecx, ecx\nxgetbv\nxsetbv",
    "mov ecx, 1\nmov eax, 7\nxor edx, edx\nxsetbv", "xor ecx, ecx\nrdpmc\nmov eax, 3\nxor edx, edx", "rdrand ecx\nmov ecx, 1",
    "rdseed dx\nmov edx, 1", "rdrand eax\nmov eax, 0\nrdrand cx\nmov ecx, 1", "mov ecx, 0x10\nrdmsr\nmov eax, 1\nmov edx, 1")
_PORTS = (
    "mov dx, {port}\nin al, dx", "mov dx, {port}\nout dx, {acc}", "in al, 0x9C", "out 0x18, {acc}", "mov dx, {port}\nin {acc}, dx",
    "mov dx, {port}\ninsb", "mov dx, {port}\noutsd", "mov dx, {port}\nmov {C}, 2\nrep outsb", "mov dx, {port}\nmov {C}, 3\nrep insw",
    "mov dx, {port}\nfs outsb", "mov dx, {port}\nmov {C}, 0\nrep insd", "mov dx, {port}\nmov {D}, {odd}-2\ninsd",
    "mov dx, {port}\nmov {S}, {bad}\noutsw", "cli", "sti", "sti\n{exit}", "mov ax, ss\nmov ss, ax\n{exit}", "popf", "mov dx, {port}\na{a} outsb")
_OTHERS = (
    "hlt", "pause", "mwait", "monitor", "mov {A}, {cell}\nxor ecx, ecx\nxor edx, edx\nmonitor", "invlpg {p}", "wbinvd", "invd", "wbnoinvd",
    "mov {A}, {i}\ninvpcid {R}, {p}", "cpuid", "mov eax, {leaf}\nxor ecx, ecx\ncpuid", "ud2", "rsm", "getsec", "sti\nhlt", "int1", "lock nop",
    "lock mov {m}, {r}", "{prefix}\n{exit}", "{prefix}\nadd {m}, {r}", "rdpid {R}", "ud0 eax, ecx", "ud1 eax, ecx", "clac", "stac")
_LOCAL_APIC = (
    "mov ecx, {x2}\nmov eax, {tpr}\nxor edx, edx\nwrmsr", "mov ecx, {x2}\nrdmsr", "mov ecx, 0x80B\nxor eax, eax\nxor edx, edx\nwrmsr",
    "mov ecx, 0x83F\nmov eax, {tpr}\nxor edx, edx\nwrmsr", "mov eax, {tpr}\nmov dword {apic}, eax", "mov dword {apic}, {tpr}", "mov eax, {apic}",
    "sti", "cli", "sti\nhlt", "mov ax, ss\nmov ss, ax", "mov al, {apic}", "mov dword {icr}, {command}", "hlt")
_VMX = (
    "vmcall", "vmlaunch", "vmresume", "vmxoff", "vmclear {p}", "vmptrld {p}", "vmptrst {p}", "vmxon {p}",
    "mov {A}, {field}\nvmread {R}, {A}", "mov {A}, {field}\nvmread {nm}, {A}", "mov {A}, {field}\nvmwrite {A}, {R}",
    "mov {A}, {field}\nvmwrite {A}, {nm}", "mov {A}, {i}\ninvept {A}, {p}", "mov {A}, {i}\ninvvpid {A}, {p}",
    "mov eax, 0\nmov ecx, {i}\nvmfunc", "mov eax, {i}\nxor ecx, ecx\nvmfunc",
    "mov {A}, {field}\nmov {D0}, {i}\nvmwrite {A}, {D0}\nvmread {D0}, {A}")
_TRANSFERS = (
    "int {v}", "int3", "int {v}", "call there\nthere: pop {N}", "jmp there\nnop\nthere:", "jecxz there\nnop\nthere:", "loop there\nthere:",
    "push {sel}\npush {stub}\nretf", "push {sel}\npush {stub}\nretf 8", "push {i}\npush {sel}\npush {stub}\niret",
    "call far {far}", "jmp far {far}", "syscall", "sysenter", "sysexit", "sysret", "ret", "iret",
    "jmp {p}", "pushf\nor word [{SP}+1], 0x40\npopf\niret", "enter 8, 1\nleave", "mov {BP}, {stack}\nenter 16, 3\nleave\nmov {BP}, 1", "enter 8, 0\nleave",
    "pushf\nbtc word [{SP}], {flag}\npopf", "jc there\nadd {r}, {r}\nthere:", "push {i}\npopf", "o16 iret", "mov {A}, {stub}\njmp {A}",
    "mov {A}, {stub}\ncall {A}")
_LONG = {
    "transfers": (
        "mov ecx, {stub}\nmov r11d, {i}\no64 sysret", "mov ecx, {stub}\nmov edx, {stub}\no64 sysexit",
        "mov ecx, {stub}\nmov r11d, 0x202\nsysret", "mov ecx, {stub}\nmov edx, {stub}\nsysexit",
        "mov rax, 0x800000000000\njmp rax", "mov rax, 0x800000000000\ncall rax", "mov rax, 0x7FFFFFFFFFFE\njmp rax",
        "push {ss}\npush {stack}\npush {flags}\npush {cs}\nlea rax, [rel there]\npush rax\niretq\nthere:",
        "push {ss}\npush {stack}\npush {flags}\npush {cs}\npush {stub}\niretq", "lea rax, [rel there]\npush {cs}\npush rax\no64 retf\nthere:",
        "push {sel}\npush {stack}\npush {flags}\npush {sel}\npush {stub}\niretq", "push {sel}\npush {stack}\npush {cs}\npush {stub}\no64 retf",
        "push {sel}\npush {stub}\no64 retf", "o64 call far {far}", "o64 jmp far {far}"),
    "control registers": ("mov rax, cr8", "mov eax, {i}\nmov cr8, rax", "mov rax, cr3\nbts rax, 63\nmov cr3, rax", "mov rax, cr0\nbts rax, 40\nmov cr0, rax",
                          "mov eax, {i}\nmov cr8, rax\nmov rcx, cr8"),
    "arithmetic": ("cmpxchg16b {x}", "lock cmpxchg16b {x}", "movsxd {r64}, {m32}", "bswap {r64}", "add qword [r14+8], 1", "cdqe", "cqo", "xchg r8, [r14]"),
    "others": ("swapgs", "swapgs\nrdgsbase rax", "mov r8, [r15]", "add [r15], eax", "push qword [r15]", "invlpg [r15]", "mov [r15+0x7fffffff], al",
               "mov rax, [rsp+r15]", "wrgsbase r15", "rdgsbase rax", "rdfsbase {r32}", "wrfsbase {r32}", "rdgsbase {r64}"),
}
_LEGACY = {
    "transfers": ("into", "stc\nmov al, 0x7F\nadd al, 1\ninto", "call {sel}:{stub}", "jmp {sel}:{stub}", "jmp 0x80:0", "call 0x80:0", "pusha\npopa",
                  "pushad\npopad", "push cs\npush {stub}\nretf", "pushf\npush cs\npush {stub}\niret", "pusha", "push {ss}\npush {stack}\npush {flags}\npush {cs}\npush {stub}\niretd",
                  "o32 iret"),
    "tables": ("arpl {w}, ax", "push es\npop ds", "les {q32}, {far}", "lds {q32}, {far}", "mov cx, {sel}\narpl cx, dx"),
    "debug registers": ("push ss\npop ss", "pop ss"),
    "arithmetic": ("aaa", "das", "aam", "aad", "salc", "bound ecx, {p}", "daa", "aas"),
}
SUBJECTS = {
    "arithmetic": _ARITHMETIC, "bit manipulation": _BIT_MANIPULATION, "strings": _STRINGS, "control registers": _CONTROL_REGISTERS, "debug registers": _DEBUG_REGISTERS,
    "tables": _TABLES, "msrs": _MSRS, "ports": _PORTS, "others": _OTHERS, "local APIC": _LOCAL_APIC, "vmx": _VMX, "transfers": _TRANSFERS}
_EXITING = ("cpuid", "mov {R}, cr0", "hlt", "pause", "rdtsc\nmov eax, 1\nmov edx, 2", "invlpg {p}", "vmcall", "in al, 0x9C", "mov {R}, dr7",
            "int {v}", "nop", "ud2", "mov {m}, {r}")
_FIELD_NUMBERS = (0x4400, 0x4402, 0x6400, 0x681E, 0x6820, 0x2800, 0x2801, 0x0802, 0x4012, 0x6800, 0x7FFE, 0xFFFF_0000, 0x8000, 0x2400, 0x3)


def program(random: Random, place: Place, subjects: tuple[str, ...], length: int) -> tuple[str, ...]:
    """A sequence of `length` elements, mostly of the subjects."""
    lines = []
    for _ in range(length):
        subject = random.choice(subjects) if random.randrange(4) else "arithmetic"
        more = (_LONG if place.bits == 64 else _LEGACY).get(subject, ())
        if subject == "bit manipulation" and (place.bits > 16 or random.randrange(8) == 0):
            more += VEX
        lines.append(expanded(random, place, random.choice(SUBJECTS[subject] + more)))
    return tuple(lines)


def expanded(random: Random, place: Place, template: str) -> str:
    """A template with operands."""
    size = random.choice((8, 16, 32, 32) if place.bits < 64 else (8, 16, 32, 64, 64))
    if re.match(r"(?:push|pop|bs[fr]|[lt]zcnt|popcnt|movbe|imul|cmov|lea|bt|shld|movzx|movsx|lar|lsl|smsw|sldt|str|mov \w+, s)", template.split("\n")[-1]):
        size = max(size, 16)
    if re.match(r"push|pop", template):
        size = {64: 64, 32: random.choice((16, 32)), 16: random.choice((16, 32))}[place.bits]
    elif re.match(r"movzx|movsx", template):
        size = max(size, 16)
    while "{" in template:
        template = re.sub(r"{(\w+)}", lambda found: _WORDS[found[1]](random, place, size), template, count=1)
    return template


def pointer(random: Random, place: Place) -> str:
    """A memory operand in brackets: mostly data, now and then the odd page or a place that faults."""
    where = random.randrange(16)
    data, odd = place.data, place.odd_page
    if place.bits == 16:
        if where < 9:
            return random.choice(("[es:bx]", "[es:bx+8]", "[es:di]", "[es:bx+si]", "[es:0x10]", "[es:bx+0x10]"))
        return random.choice((f"[{odd:#x}]", f"[{odd + 8:#x}]", f"[{odd - 2:#x}]", "[0xFFFF]", "[es:0xFFFF]", "[0x6700]", "[fs:bx]", f"[{odd - 1:#x}]", "[ss:0xFFFD]"))
    wide = "r" if place.bits == 64 else "e"
    if where < 7:
        return random.choice((f"[{data:#x}]", f"[{wide}bx]", f"[{wide}bx+8]", f"[{wide}di]", f"[{wide}bx+{wide}bp*8]", f"[{data + 0x10:#x}]",
                              f"[{wide}si+{wide}bp]", f"[fs:{wide}bx]", f"[gs:{wide}di+8]", f"[{wide}sp-0x20]", f"[{wide}bx+0x10]"))
    if where < 13:
        return random.choice((f"[{odd:#x}]", f"[{odd + 0x10:#x}]", f"[{odd - 2:#x}]", f"[{odd - 4:#x}]", f"[{odd - 1:#x}]", f"[{odd + 8:#x}]"))
    if where < 14:
        return f"[{APIC_PAGE + random.choice((0x80, 0x20, 0xB0, 0x300, 0x82, 0)):#x}]"
    if place.bits == 64:
        return random.choice(("[r15]", f"[{UNMAPPED:#x}]", "[r14]", "[r14+8]", "[r15+8]", "[rsp+r15]"))
    return random.choice((f"[{UNMAPPED_32:#x}]", "[ss:ebx]", "[cs:ebx]"))


_Word = Callable[[Random, Place, int], str]


def _one(*values: int | str) -> _Word:
    return lambda random, place, size: str(random.choice(values))


def _native(text: str) -> _Word:
    """A register of the width of addresses: {A} AX, EAX or RAX by the code, in 16-bit code EAX."""
    return lambda random, place, size: ("r" if place.bits == 64 else "e") + text


def _register(bits: int = 0) -> _Word:
    return lambda random, place, size: random.choice(_BY_SIZE[bits or size])


def _memory(bits: int = 0) -> _Word:
    return lambda random, place, size: f"{_KEYWORDS[bits or size]} {pointer(random, place)}"


def _address(random: Random, place: Place, size: int) -> str:
    return pointer(random, place)


def _address_once(random: Random, place: Place, size: int) -> str:
    """Not on the APIC-access page: for instructions of two accesses, which the model ends at the first one there."""
    while f"{APIC_PAGE >> 12:#x}" in (address := pointer(random, place)):
        pass
    return address


def _counter(name: str) -> _Word:
    return lambda random, place, size: {16: "", 32: "e", 64: "r"}[place.bits] + name


_WORDS: dict[str, _Word] = {
    "r": _register(), "r8": _register(8), "r32": _register(32), "r64": _register(64), "m": _memory(), "b": _memory(8), "w": _memory(16),
    "m32": _memory(32), "d": _one(0, 1, 2, 3, 6, 7, 4, 5), "q": _memory(64), "p": _address, "once": _address_once, "x": _address, "k": lambda random, place, size: _KEYWORDS[size],
    "n": _one(0, 1, 3, 7, 8, 31, 33),
    "nm": lambda random, place, size: f"{_KEYWORDS[64 if place.bits == 64 else 32]} {pointer(random, place)}",
    "N": lambda random, place, size: random.choice(_BY_SIZE[place.bits]),
    "R": lambda random, place, size: random.choice(_BY_SIZE[64 if place.bits == 64 else 32]),
    "A": _native("ax"), "BP": _native("bp"), "D0": _native("dx"), "SP": lambda random, place, size: {16: "esp", 32: "esp", 64: "rsp"}[place.bits],
    "C": _counter("cx"), "D": _counter("di"), "S": _counter("si"), "i": _one(*_IMMEDIATES),
    "cr0": _one(*_CR0_BITS), "cr4": _one(*_CR4_BITS), "bit": _one(3, 4, 5, 0, 1, 11, 12, 31), "lmsw": _one(0, 1, 3, 9, 0xB, 0xF, 0xFFF1, 0x31),
    "cr0pair": _one("0xA", "0x1000A", "0x60000000", "0x80000001", "0x9"), "dr7": _one("0x400", "0x30001", "0xD0001", "0x10402", "0x80001", "0x2401", "0xF00F3", "0x20001", "0x1"),
    "d03": _one(0, 1, 2, 3), "target": _one(0, f"{t.PML4:#x}", f"{t.PD32:#x}", f"{t.PDPT_PAE:#x}", f"{t.PML4 + 1:#x}"),
    "sel": _one(*SELECTORS), "seg": _one("es", "ds", "fs", "gs", "ss", "fs", "gs", "ds"), "msr": _one(*MSRS), "wmsr": _one(*WRITTEN_MSRS),
    "port": _one(*PORTS), "leaf": _one(*_LEAVES), "exit": _one(*_EXITING), "field": _one(*_FIELD_NUMBERS), "efer": _one(0, 0, 8, 10, 11, 1, 12, 14),
    "high": _one(0, 0, 0x8000, "0xFFFF8000", "0x230018", "0x180008"), "flag": _one(8, 9, 14, 10, 12, 13, 1, 5, 15),
    "v": _one(0x40, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0, 3, 4, 13, 0x30, 0xFF),
    "cs": _one(0x18, 0x18, 0x2B, 0x43, 8, 0x58), "ss": _one(0x10, 0x23, 0, 3, 0x13), "flags": _one(2, 0x202, 0x102, 0x4002, 0x3002, 0x10002, 0x40202, 0x8D7),
    "prefix": _one("db 0x66", "db 0xF0", "db 0xF2", "db 0xF3", "db 0x67", "db 0x2E", "db 0x64"), "a": lambda random, place, size: "16" if place.bits == 32 else "32",
    "acc": lambda random, place, size: random.choice(("al", "ax", "eax")),
    "q32": lambda random, place, size: random.choice(_BY_SIZE[max(16, min(size, place.bits))][:3]),
    "stub": lambda random, place, size: hex(0x9000 - 0x8000 + 0x400 if place.bits == 16 else t.STUBS + random.choice((0x400, 0x410, 0x500))),
    "stack": lambda random, place, size: hex(t.STACK - 0x80 if place.bits > 16 else 0x6780),
    "far": lambda random, place, size: f"[es:{0x40 + 8 * random.randrange(6):#x}]" if place.bits == 16 else f"[{FAR_POINTERS + 16 * random.randrange(8):#x}]",
    "odd": lambda random, place, size: hex(place.odd_page), "cell": lambda random, place, size: hex(place.data + 8 * random.randrange(3) if place.bits > 16 else 0x300000 + 8 * random.randrange(3)),
    "x2": _one(0x808, 0x808, 0x80B, 0x83F, 0x80A, 0x802, 0x830, 0x810), "tpr": _one(0, 0, 0x10, 0x3F, 0x50, 0xF0, 0x61, 0x100, *VIRTUAL_VECTORS),
    "apic": lambda random, place, size: "[es:bx]" if place.bits == 16 else f"[{APIC_PAGE + random.choice((0x80, 0x80, 0xB0, 0xB0, 0x20, 0xA0, 0x110, 0xF0)):#x}]",
    "icr": lambda random, place, size: "[es:bx]" if place.bits == 16 else f"[{APIC_PAGE + random.choice((0x300, 0x300, 0x310)):#x}]",
    "command": _one(0x4_0041, 0x4_0061, 0x4_000F, 0x4_4041, 0x41, 0x8_0041, 0xC_4500),
    "bad": lambda random, place, size: {16: "0xFFFE", 32: "0x4000000", 64: "0x800000000000"}[place.bits],
}
