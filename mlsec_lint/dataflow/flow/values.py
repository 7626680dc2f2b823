"""What the flow analysis knows of a value: which data it carries (labels), what it refers to, which constant it is.

A label names data by its origin: a source (request data received *here*), or the path by which the evaluated body
reaches data of its callers (``parameter 1``, attribute ``path``). Labels carry the guards that the data passed and
are never dropped: what is acceptable for one sink is not acceptable for another. Facts compare equal wherever they were
learnt, so no label holds a history; the way of the data is found afterwards (``trace``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from msgspec import Struct

from mlsec_lint.dataflow.flow.idents import ONE_OF, parts_of, sized

if TYPE_CHECKING:
    from mlsec_lint.source.ir import Constant

MOST_LABELS: Final = 8
_FEW_LABELS: Final = 3
MOST_REFERENCES: Final = 6
MOST_CONSTANTS: Final = 4
DEEPEST_PATH: Final = 3
"""Keys after the root of a path: fields and items of a caller's object that are told apart."""

Key: TypeAlias = Any
"""An attribute (``.name``), a name in a frame (``=name``), an item by constant (``("str", "k")``), or ``*``."""

Path: TypeAlias = tuple[Any, ...]
"""A root and up to :data:`DEEPEST_PATH` keys. Roots: ``("p", index)`` parameter, ``("e", level)`` enclosing frame,
``("g", module)`` module globals, ``("r", number)`` result of a call that only a caller can resolve, ``("k", constant)``
a constant (the name of a file)."""

Address: TypeAlias = tuple[Any, ...]
CodeKey: TypeAlias = tuple[str, int]

DOUBT: Final = "?"
"""The first letter of tags that are no guards but reasons to doubt that the data gets there."""

UNMODELLED: Final = "?a call of a library function that knowledge does not describe"
UNRESOLVED: Final = "?a call whose target could not be resolved"
GUESSED: Final = "?a call that may reach one of several functions"
COARSE: Final = "?a function too large to be followed in detail"


class Source(Struct, frozen=True, cache_hash=True):
    """Where foreign data enters: the kind of its origin, the place, and what received it."""

    kind: str
    module: str
    at: int
    end: int
    name: str = ""


class Condition(Struct, frozen=True, cache_hash=True):
    """A tag that holds if what a caller puts at some ``paths`` allows it.

    That is: it fits one of ``patterns``; without patterns, it is neither ``None`` nor ``False``; if ``trusted`` is
    asked for, it is no data from outside (a digest that came with the file says nothing about it).
    """

    tag: str
    paths: tuple[Path, ...]
    patterns: tuple[str, ...] = ()
    trusted: bool = False


class Label(Struct, frozen=True, cache_hash=True):
    """Data of one origin, with the tags of the guards (and doubts) on its way."""

    origin: Source | Path
    tags: Tags = frozenset()


Labels: TypeAlias = frozenset[Label]
Tags: TypeAlias = "frozenset[str | Condition]"


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


NO_LABELS: Final[Labels] = frozenset()
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


def extend(path: Path, key: Key) -> Path:
    """The path one key further; beyond the depth limit the path stays what it is (it stands for all below it)."""
    return (*path, key) if len(path) <= DEEPEST_PATH else path


def with_tags(labels: Labels, tags: Tags) -> Labels:
    """The labels with more tags."""
    return _tagged(labels, tags) if tags and labels else labels


@lru_cache(maxsize=100_000)
def _tagged(labels: Labels, tags: Tags) -> Labels:
    return frozenset(Label(each.origin, each.tags | tags) for each in labels)


def order(item: Label | Reference) -> str:
    """A key that sorts labels and references in the same way in every process (the text of a set varies)."""
    if isinstance(item, Label):
        return f"{item.origin!r}{sorted(item.tags, key=repr)}"
    if isinstance(item, Bound):
        return f"Bound{order(item.func)}{','.join(map(order, item.receiver.refs))}"
    if isinstance(item, Wrapped):
        return f"Wrapped{item.kind}{','.join(map(order, item.func.refs))}"
    if isinstance(item, Super):
        return f"Super{item.cls}"
    if isinstance(item, Fun):
        return f"Fun{item.code}{item.frames}"
    return repr(item)


def bounded(labels: Labels) -> Labels:
    """The labels that say most, at most :data:`MOST_LABELS`: sources first, and paths widened to their roots."""
    return labels if len(labels) <= _FEW_LABELS else _bounded(labels)


@lru_cache(maxsize=100_000)
def _bounded(labels: Labels) -> Labels:
    labels = _undominated(labels)
    if len(labels) <= MOST_LABELS:
        return labels
    widened = _undominated(frozenset(map(_widened, labels)))
    return widened if len(widened) <= MOST_LABELS else frozenset(sorted(widened, key=_rank)[:MOST_LABELS])


def _undominated(labels: Labels) -> Labels:
    """Without labels that only repeat others: the same data with more guards and more doubts adds nothing."""
    by_origin: dict[Source | Path, list[Label]] = {}
    for label in labels:
        by_origin.setdefault(label.origin, []).append(label)
    if len(by_origin) == len(labels):
        return labels
    return frozenset(
        label for same in by_origin.values() for label in same
        if not any(other.tags < label.tags for other in same)
    )  # fmt: skip


@lru_cache(maxsize=100_000)
def _widened(label: Label) -> Label:
    """A label without what tells it from its like: the fields on its path, and guards that only a caller decides."""
    tags = label.tags
    if any(not isinstance(tag, str) for tag in tags):
        tags = frozenset(tag for tag in tags if isinstance(tag, str))
    return Label(label.origin if isinstance(label.origin, Source) else label.origin[:1], tags)


@lru_cache(maxsize=100_000)
def _rank(label: Label) -> tuple[bool, int, str]:
    """Sources first, then what has passed the fewest guards, in an order that is the same in every process."""
    return (not isinstance(label.origin, Source), len(label.tags), order(label))


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
