"""What the flow analysis knows of a value: which data it carries (labels), what it refers to, which constant it is.

Facts compare equal wherever they were learnt, so no value holds a history; the way of the data is found afterwards
(``trace``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from msgspec import Struct

from mlsec_lint.dataflow.flow.idents import ONE_OF, parts_of, sized
from mlsec_lint.dataflow.flow.labels import Condition, Label, Labels, Path, bounded

if TYPE_CHECKING:
    from mlsec_lint.source.ir import Constant

MOST_REFERENCES: Final = 6
MOST_CONSTANTS: Final = 4


Address: TypeAlias = tuple[Any, ...]
CodeKey: TypeAlias = tuple[str, int]


class Ext(Struct, frozen=True, cache_hash=True):
    """A name outside the project: ``torch.load``."""

    name: str


class Inst(Struct, frozen=True, cache_hash=True):
    """The result of calling an external name, or an instance of an external class."""

    name: str


class Fun(Struct, frozen=True, cache_hash=True):
    """A function of the project: its code, and the frames and defaults it was made with."""

    code: CodeKey
    frames: tuple[Address, ...] = ()
    defaults: tuple[Value | None, ...] = ()
    owner: CodeKey | None = None


class Bound(Struct, frozen=True, cache_hash=True):
    """A function with its receiver."""

    func: Reference
    receiver: Value


class Wrapped(Struct, frozen=True, cache_hash=True):
    """A ``property``, ``staticmethod`` or ``classmethod`` in a class body; ``setter`` is of a property."""

    kind: str
    func: Value
    setter: Value | None = None


class Cls(Struct, frozen=True, cache_hash=True):
    """A class of the project, and the frames that its methods close over."""

    code: CodeKey
    frames: tuple[Address, ...] = ()


class Mod(Struct, frozen=True, cache_hash=True):
    """A module of the project."""

    path: str


class Obj(Struct, frozen=True, cache_hash=True):
    """An object of the heap."""

    address: Address


class Sym(Struct, frozen=True, cache_hash=True):
    """What a path of the caller leads to. ``cls`` is the class of the project it is said to be an instance of, ``ext``
    the external one."""

    path: Path
    cls: CodeKey | None = None
    ext: str = ""


class Super(Struct, frozen=True, cache_hash=True):
    """What ``super()`` gives: the class to look above, and the receiver."""

    cls: CodeKey
    receiver: Value


class Test(Struct, frozen=True, cache_hash=True):
    """If a value is true (or, with ``holds`` false, if it is false), the value ``ident`` passed the guard ``tag``."""

    tag: str | Condition
    ident: object
    holds: bool = True


Reference: TypeAlias = Ext | Inst | Fun | Bound | Wrapped | Cls | Mod | Obj | Sym | Super


class Value(Struct, frozen=True, cache_hash=True):
    """The possibilities of a value. ``open`` says that it may be something that is not listed.

    ``ident`` names the very value (a path of the caller, the result of one call), so that a guard on it holds for it
    and for nothing else; ``tests`` are what its truth would say of other values, ``digests`` the values it is a digest
    of.
    """

    labels: Labels = frozenset()
    refs: tuple[Reference, ...] = ()
    consts: tuple[Constant, ...] = ()
    open: bool = False
    ident: object = None
    tests: tuple[Test, ...] = ()
    digests: tuple[tuple[str | Condition, object], ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is exactly one constant and nothing else."""
        return not self.open and not self.refs and len(self.consts) == 1

    @property
    def text(self) -> str | None:
        """The string, if the value is a known string."""
        value = self.consts[0] if self.known else None
        return value if isinstance(value, str) else None


def made_by(address: Address) -> str:
    """The module whose top level made an object, directly or by a call."""
    path: str = address[1]
    for part in cast("tuple[object, ...]", address):
        if isinstance(part, tuple) and part and part[0] == "@":
            path = cast("tuple[str, str]", part)[1]
    return path


NOTHING: Final = Value()
UNKNOWN: Final = Value(open=True)
NONE: Final = Value(consts=(None,))
FALSE: Final = Value(consts=(False,))


def constant(value: Constant) -> Value:
    """A literal."""
    return Value(consts=(value,))


def ref(target: Reference, ident: object = None) -> Value:
    """A known reference."""
    return Value(refs=(target,), ident=ident)


def symbolic(path: Path, cls: CodeKey | None = None, ext: str = "") -> Value:
    """What the callers put at ``path``: unknown here, and labelled with the path."""
    return Value(frozenset((Label(path),)), (Sym(path, cls, ext),), (), False, path)


def data(labels: Labels, ident: object = None) -> Value:
    """Data of which only the labels are known."""
    return Value(labels, (), (), True, ident)


def order(item: Reference) -> str:
    """A key that sorts references in the same way in every process (the text of a set varies)."""
    if isinstance(item, Bound):
        return f"Bound{order(item.func)}{','.join(map(order, item.receiver.refs))}"
    if isinstance(item, Wrapped):
        return f"Wrapped{item.kind}{','.join(map(order, item.func.refs))}"
    if isinstance(item, Super):
        return f"Super{item.cls}"
    if isinstance(item, Fun):
        return f"Fun{item.code}{item.frames}"
    return repr(item)


def join(left: Value, right: Value) -> Value:
    """What a value is when it is one of two."""
    if left is right or left == right:
        return left
    labels = left.labels | right.labels if right.labels else left.labels
    refs = left.refs
    if right.refs:
        refs = left.refs + tuple(r for r in right.refs if r not in left.refs)
    consts = left.consts
    if right.consts:
        consts = left.consts + tuple(c for c in right.consts if not has_constant(left.consts, c))
    is_open = left.open or right.open
    if len(refs) > MOST_REFERENCES:
        refs, is_open = tuple(sorted(refs, key=_callables_first)[:MOST_REFERENCES]), True
    if len(consts) > MOST_CONSTANTS:
        consts, is_open = (), True
    ident = left.ident if left.ident == right.ident else joined_ident(left, right) if labels else None
    tests = left.tests if left.tests == right.tests else _joined_tests(left, right)
    digests = left.digests if left.digests == right.digests else ()
    return Value(bounded(labels), refs, consts, is_open, ident, tests, digests)


def joined_ident(left: Value, right: Value) -> object:
    """What names one of two values: the names of all that it may be, in a fixed order."""
    found: dict[object, None] = {}
    for value in (left, right):
        one = ident_of(value)
        if one is None:
            return None
        parts = parts_of(one)
        found.update(dict.fromkeys(parts[1:] if parts and parts[0] == ONE_OF else (one,)))
    return sized((ONE_OF, *sorted(found, key=repr))) if len(found) <= MOST_CONSTANTS else None


def _joined_tests(left: Value, right: Value) -> tuple[Test, ...]:
    """What the truth of one of two values says, where one of them is only true, or only false."""
    for one, other in ((left, right), (right, left)):
        known = truth(other)
        if known is not None and not other.tests:
            return tuple(test for test in one.tests if test.holds is not known)
    return tuple(test for test in left.tests if test in right.tests)


def ident_of(value: Value) -> object:
    """The identity of a value; constants are their own."""
    if value.ident is not None:
        return value.ident
    return ("c", value.consts[0]) if value.known and isinstance(value.consts[0], (str, bytes, int)) else None


def join_all(values: Iterable[Value]) -> Value:
    """The join of any number of values; nothing if there are none."""
    result = NOTHING
    for value in values:
        result = value if result is NOTHING else join(result, value)
    return result


def has_constant(values: tuple[Constant, ...], wanted: Constant) -> bool:
    """Whether a constant is among others, keeping ``True`` and ``1`` apart."""
    return any(type(value) is type(wanted) and value == wanted for value in values)


def _callables_first(target: Reference) -> tuple[bool, str]:
    return (not isinstance(target, (Fun, Bound, Cls, Ext)), order(target))


def truth(value: Value) -> bool | None:
    """Whether a value is true, if that is known."""
    if value.open or not (value.consts or value.refs):
        return None
    answers = {bool(c) for c in value.consts}
    for target in value.refs:
        if isinstance(target, (Obj, Sym, Inst, Ext)):
            return None
        answers.add(True)
    return answers.pop() if len(answers) == 1 else None
