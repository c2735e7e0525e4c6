"""What a lesson claims about the machine, as expressions over a position of its recording.

    rax == 5                              a register by its name, RIP and CR0 among them
    vmcs.exit_reason == 10                a field of the current VMCS; vmcs.launch, vmcs.active
    A.guest_rip == handler                a field of a VM's VMCS; A.state, A.exits, A.launch; a label of the program
    mode == "root" and region == "vmm"    VMX operation, region of the program, the VM that runs (`vm`), CPL, activity
    rax == was.rax                        `was`: the same where the question is asked, or before the step of the claim
    memory(0x201000, 4) & 1 == 1          bytes of physical memory, little-endian, 1 to 8 of them
    outcome(PAGE) == "page_fault"         how a read of a linear address would end; physical(PAGE): where it leads
    references(PAGE) == 24                how many times memory is read to translate it when no TLB has it
    cached(PAGE) and tlb(1) > 0           has the TLB a translation that may be used here; its entries with a VPID

Read with Python's own parser, and only what stands here is allowed: a lesson from elsewhere can compute nothing else.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

LONGEST: Final = 200            # characters
DEEPEST: Final = 20
LARGEST_SHIFT: Final = 64
Value = int | str | bool

_ARITHMETIC: Final[dict[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift}
_COMPARISON: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge}
_ARGUMENTS: Final = {"memory": 2, "outcome": 1, "physical": 1, "references": 1, "cached": 1, "tlb": 1}
_OF_A_VM: Final = ("state", "exits", "entries")
_OF_A_VMCS: Final = ("launch", "active", "current")


class Facts(Protocol):
    """What an expression can ask of a position."""

    @property
    def scene(self) -> Mapping[str, Any]:
        """Everything to draw there."""
        ...

    def memory(self, address: int, size: int) -> int | None:
        """Physical memory, little-endian; None where there is none."""
        ...

    def translation(self, linear: int) -> Mapping[str, Any]:
        """How a read of a linear address is translated, as `inspect translation` tells it (docs/protocol.md)."""
        ...

    def tlb(self) -> Sequence[Mapping[str, Any]]:
        """The entries of the TLB, as `inspect tlb` tells them (docs/protocol.md)."""
        ...


class ExpressionError(ValueError):
    """An expression that cannot be read, or asks for what is not there; its text says which, and what to do."""


@dataclass(frozen=True)
class Expression:
    """An expression that was read."""

    text: str
    tree: ast.expr

    @property
    def asks(self) -> bool:
        """Does it ask anything of the machine? A constant claims nothing."""
        return any(isinstance(node, (ast.Name, ast.Call)) for node in ast.walk(self.tree))

    def value(self, facts: Facts, was: Facts | None, symbols: Mapping[str, int]) -> Value:
        """What it is at a position; ExpressionError when it asks for what is not there."""
        return _value(self.tree, _Scope(facts, was, symbols))

    def holds(self, facts: Facts, was: Facts | None, symbols: Mapping[str, int]) -> bool:
        """Is it true at a position? ExpressionError when it is neither true nor false."""
        found = self.value(facts, was, symbols)
        if not isinstance(found, bool):
            raise ExpressionError(f"'{self.text}' is {shown(found)}, neither true nor false: compare it with something")
        return found

    def named_values(self, facts: Facts, was: Facts | None, symbols: Mapping[str, int]) -> list[tuple[str, Value]]:
        """Each name in it with what it is, in the order of the text, for messages."""
        scope = _Scope(facts, was, symbols)
        return [(ast.unparse(node), _value(node, scope)) for node in _asked(self.tree)]


@dataclass(frozen=True)
class _Scope:
    facts: Facts
    was: Facts | None
    symbols: Mapping[str, int]


def read(text: str) -> Expression:
    """The expression in a text; ExpressionError when it is none."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"'{text[:60]}' cannot be read as an expression") from None
    _check(tree, 0)
    return Expression(text, tree)


def shown(value: Value) -> str:
    """A value as a lesson would write it."""
    return f"{value:#x}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _check(node: ast.expr, depth: int) -> None:
    if depth > DEEPEST:
        raise ExpressionError("the expression is too deep")
    for part in _parts(node):
        _check(part, depth + 1)


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions in an expression; ExpressionError for what an expression may not hold."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
        return []
    if isinstance(node, ast.Name):
        return []
    if isinstance(node, ast.Attribute):
        return [node.value]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub, ast.Invert)):
        return [node.operand]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return [node.left, node.right]
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARISON for op in node.ops):
        return [node.left, *node.comparators]
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords
            and len(node.args) == _ARGUMENTS.get(node.func.id)):
        return node.args
    raise ExpressionError(f"'{ast.unparse(node)[:60]}' is not allowed in an expression: there are names, numbers, "
                          "words in quotes, comparisons, and, or, not, + - & | ^ << >>, and memory(address, size), "
                          "outcome, physical, references, cached (address), tlb(vpid)")


def _asked(node: ast.expr) -> list[ast.expr]:
    """What an expression asks of the machine: its names, and what it reads from memory."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
        return [node]
    return [found for part in _parts(node) for found in _asked(part)]


def _value(node: ast.expr, scope: _Scope) -> Value:
    if isinstance(node, ast.Constant):
        return node.value                                               # type: ignore[return-value]
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _named(ast.unparse(node).split("."), scope)
    if isinstance(node, ast.BoolOp):
        wanted = isinstance(node.op, ast.Or)
        return next((wanted for part in node.values if _truth(part, scope) is wanted), not wanted)
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            return not _truth(node.operand, scope)
        number = _number(node.operand, scope)
        return -number if isinstance(node.op, ast.USub) else ~number
    if isinstance(node, ast.BinOp):
        left, right = _number(node.left, scope), _number(node.right, scope)
        if isinstance(node.op, (ast.LShift, ast.RShift)) and not 0 <= right <= LARGEST_SHIFT:
            raise ExpressionError(f"a shift is by 0 to {LARGEST_SHIFT}")
        return _ARITHMETIC[type(node.op)](left, right)
    if isinstance(node, ast.Compare):
        values = [_value(part, scope) for part in (node.left, *node.comparators)]
        return all(_compared(op, left, right) for op, left, right in zip(node.ops, values, values[1:], strict=False))
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    numbers = [_number(part, scope) for part in node.args]
    if node.func.id == "memory":
        return _memory(numbers[0], numbers[1], scope)
    return _tagged(numbers[0], scope) if node.func.id == "tlb" else _translated(node.func.id, numbers[0], scope)


def _truth(node: ast.expr, scope: _Scope) -> bool:
    found = _value(node, scope)
    if not isinstance(found, bool):
        raise ExpressionError(f"'{ast.unparse(node)}' is {shown(found)}, neither true nor false")
    return found


def _number(node: ast.expr, scope: _Scope) -> int:
    found = _value(node, scope)
    if isinstance(found, str):
        raise ExpressionError(f"'{ast.unparse(node)}' is the word '{found}': there is no reckoning with words")
    return int(found)


def _compared(op: ast.cmpop, left: Value, right: Value) -> bool:
    if isinstance(left, str) != isinstance(right, str):
        raise ExpressionError(f"{shown(left)} and {shown(right)} cannot be compared: one is a word, one a number")
    return _COMPARISON[type(op)](left, right)


def _memory(address: int, size: int, scope: _Scope) -> int:
    if not 1 <= size <= 8 or not 0 <= address < 1 << 52:
        raise ExpressionError("memory(address, size): a physical address, and 1 to 8 bytes")
    found = scope.facts.memory(address, size)
    if found is None:
        raise ExpressionError(f"there is no memory at {address:#x}")
    return found


def _tagged(vpid: int, scope: _Scope) -> int:
    return sum(entry["vpid"] == vpid for entry in scope.facts.tlb())


def _translated(what: str, linear: int, scope: _Scope) -> Value:
    if not 0 <= linear < 1 << 64:
        raise ExpressionError(f"{what}(address): a linear address")
    told = scope.facts.translation(linear)
    if what == "physical":
        if "physical" not in told:
            raise ExpressionError(f"{linear:#x} leads nowhere here: {told['outcome']}")
        return int(told["physical"], 16)
    return _known(told[what])


def _named(path: list[str], scope: _Scope) -> Value:
    """The value behind a name, or a name of something."""
    if path[0] == "was":
        if scope.was is None:
            raise ExpressionError("'was' has no meaning here")
        if len(path) > 1:
            return _named(path[1:], _Scope(scope.was, None, scope.symbols))
    scene = scope.facts.scene
    if len(path) == 1:
        return _plain(path[0], scene, scope.symbols)
    if len(path) == 2:
        owner, what = path
        if owner == "vmcs":
            current = _acting(scene).get("current_vmcs")
            if current is None:
                raise ExpressionError(f"'vmcs.{what}': there is no current VMCS here")
            return _of_vmcs(scene["vmcs"][current], what)
        vm = scene["vms"].get(owner)
        if vm is not None:
            if what in _OF_A_VM:
                return _known(vm[what])
            if vm.get("vmcs") in scene["vmcs"]:
                return _of_vmcs(scene["vmcs"][vm["vmcs"]], what)
    if ".".join(path) in scope.symbols:             # a local label
        return scope.symbols[".".join(path)]
    raise _nothing(".".join(path))


def _nothing(name: str) -> ExpressionError:
    return ExpressionError(f"there is no '{name}': write a register, a label, mode, vm, region, vmcs.FIELD or VM.FIELD")


def _acting(scene: Mapping[str, Any]) -> Mapping[str, Any]:
    return scene["processors"][str(scene.get("acting", 0))]     # type: ignore[no-any-return]


def _plain(name: str, scene: Mapping[str, Any], symbols: Mapping[str, int]) -> Value:
    processor = _acting(scene)
    if name in ("mode", "activity", "exits", "entries", "cpl"):
        return _known(processor[name])
    if name in ("region", "console"):
        return str(scene.get(name) or "")
    if name == "vm":
        return next((vm for vm, told in scene["vms"].items() if told["state"] == "running"), "")
    if name in processor["registers"]:
        return int(processor["registers"][name], 16)
    if name in symbols:
        return symbols[name]
    raise _nothing(name)


def _of_vmcs(told: Mapping[str, Any], what: str) -> Value:
    if what in _OF_A_VMCS:
        return _known(told[what])
    if what in told["fields"]:
        return int(told["fields"][what], 16)
    raise ExpressionError(f"a VMCS has no field '{what}'; the fields are in vmviz/spec/tables/vmcs_fields.csv")


def _known(value: Any) -> Value:
    assert isinstance(value, (int, str)), value
    return value
