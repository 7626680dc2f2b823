"""What the analysis knows of a value: what it may be, whether it may be something else, and where it came from.

A :class:`Value` is three-valued: *known* (one possibility, closed), *one of a few* (several, closed) or *unknown*
(open; the possibilities it lists are then likely ones, such as a parameter's default).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from mlsec_lint.source.ir import Body, Constant, Param

MOST_CONSTANTS: Final = 4
MOST_REFERENCES: Final = 6


class External(Struct, frozen=True):
    """A name that an import from outside the project, or a builtin, leads to: ``torch.load``."""

    name: str


class Instance(Struct, frozen=True):
    """The result of calling an external name, or an instance of an external class: its attributes extend the name."""

    name: str


class Member(Struct, frozen=True):
    """An attribute of an external instance: a method by its qualified name, or a value that nobody knows."""

    name: str


class Symbol(Struct, frozen=True):
    """A name of another module of the project, resolved when somebody asks (so that import cycles do no harm)."""

    module: str
    name: str


class Inherited(Struct, frozen=True):
    """An attribute that a class does not define itself; its bases are looked at when somebody asks."""

    cls: ClassRef
    name: str


class SuperOf(Struct, frozen=True):
    """What ``super()`` gives inside a class."""

    cls: ClassRef


class ModuleRef(Struct, frozen=True):
    """A module of the project, by its path."""

    module: str


class ObjectRef(Struct, frozen=True):
    """An object of the abstract heap, named by the module and the site that allocate it."""

    site: tuple[str, int]


class FunctionRef(Struct, frozen=True, eq=False):
    """A function of the project with the frames it closes over."""

    module: str
    body: Body
    params: tuple[Param, ...]
    defaults: tuple[Value | None, ...]
    annotations: tuple[Value | None, ...]
    frames: tuple[Frame, ...]
    owner: ClassRef | None = None


class ClassRef(Struct, frozen=True, eq=False):
    """A class of the project. ``attributes`` is filled while its body is evaluated."""

    module: str
    name: str
    at: int
    end: int
    bases: tuple[Value, ...]
    attributes: dict[str, Value]


class InstanceOf(Struct, frozen=True):
    """An instance of a class of the project."""

    cls: ClassRef


class Frame(Struct, eq=False):
    """The local names of a function as its nested functions see them: the state when it ends."""

    body: Body
    names: dict[str, Value]


class Snapshot(Struct, frozen=True):
    """A container as it was when an observer was told of it, since the heap moves on."""

    kind: str
    items: tuple[tuple[Constant, Value], ...]
    rest: Value | None
    exact: bool


Site: TypeAlias = tuple[str, int]

Reference: TypeAlias = (
    External | Instance | Member | Symbol | Inherited | SuperOf | ModuleRef
    | ObjectRef | FunctionRef | ClassRef | InstanceOf | Snapshot
)  # fmt: skip


class Value(Struct, frozen=True):
    """The possibilities of a value.

    ``constants`` and ``references`` are what it may be; ``open`` says that it may be something else.
    ``origins`` are kinds of provenance (words of ``rules/_facts/origins.toml``). ``identity`` names the resource the
    value stands for (a path, a buffer), so that what is written can be recognised when it is read back.
    """

    constants: tuple[Constant, ...] = ()
    references: tuple[Reference, ...] = ()
    open: bool = False
    origins: frozenset[str] = frozenset()
    identity: object = None

    @property
    def known(self) -> bool:
        """Whether there is exactly one possibility."""
        return not self.open and len(self.constants) + len(self.references) == 1

    @property
    def constant(self) -> Constant:
        """The constant, if the value is a known one; ``None`` otherwise (check :attr:`known`)."""
        return self.constants[0] if self.known and self.constants else None

    @property
    def text(self) -> str | None:
        """The string, if the value is a known string."""
        value = self.constant
        return value if isinstance(value, str) else None


NO_ORIGINS: Final[frozenset[str]] = frozenset()
UNLISTED: Final = frozenset(("unknown",))
"""The provenance of data of which nobody knows where it is from."""
LITERAL: Final = frozenset(("literal",))
UNKNOWN: Final = Value(open=True, origins=UNLISTED)
NOTHING: Final = Value()


def constant(value: Constant) -> Value:
    """A literal."""
    return Value((value,), (), False, LITERAL, ("const", type(value).__name__, value))


def reference(target: Reference) -> Value:
    """A known reference."""
    return Value((), (target,))


def unknown(origins: frozenset[str] = NO_ORIGINS, identity: object = None) -> Value:
    """A value of which only the provenance is known."""
    return Value((), (), True, origins, identity)


def join(left: Value, right: Value) -> Value:
    """What a value is when it is one of two: the union of the possibilities, within bounds."""
    if left is right or (left == right and _same_types(left, right)):
        return left
    constants = _union_constants(left.constants, right.constants)
    references = left.references + tuple(r for r in right.references if r not in left.references)
    is_open = left.open or right.open
    if len(constants) > MOST_CONSTANTS:
        constants, is_open = (), True
    if len(references) > MOST_REFERENCES:
        references, is_open = references[:MOST_REFERENCES], True
    identity = left.identity if left.identity == right.identity else None
    return Value(constants, references, is_open, left.origins | right.origins, identity)


def _same_types(left: Value, right: Value) -> bool:
    """Whether equal constants are of the same types: Python says that ``0`` equals ``False``."""
    return all(type(one) is type(other) for one, other in zip(left.constants, right.constants, strict=True))


def join_all(values: Iterable[Value]) -> Value:
    """The join of any number of values; unknown if there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return result if result is not None else UNKNOWN


def derived(values: Iterable[Value], identity: object = None) -> Value:
    """A value computed from others in a way that is not modelled: unknown, with all their provenance."""
    origins: frozenset[str] = NO_ORIGINS
    for value in values:
        origins |= value.origins if value.origins or not _unlisted(value) else UNLISTED
    return unknown(origins, identity)


def _unlisted(value: Value) -> bool:
    """Whether a value without provenance is data, and not a function, a class or a module."""
    return value.open or any(isinstance(r, (Member, Instance, Inherited)) for r in value.references)


def computed(values: Iterable[Value]) -> frozenset[str]:
    """The provenance of what an unknown function makes of values: literals do not vouch for its result."""
    origins = derived(values).origins - LITERAL
    return origins or UNLISTED


def same_constant(left: Constant, right: Constant) -> bool:
    """Equality that keeps ``True`` and ``1`` apart."""
    return type(left) is type(right) and left == right


def _union_constants(left: tuple[Constant, ...], right: tuple[Constant, ...]) -> tuple[Constant, ...]:
    return left + tuple(r for r in right if not any(same_constant(r, x) for x in left))


def truth(value: Value) -> bool | None:
    """Whether a value is true, if that is known."""
    if value.open or not (value.constants or value.references):
        return None
    answers = {bool(c) for c in value.constants}
    if value.references:
        if any(isinstance(r, (ObjectRef, Instance, InstanceOf, Member, Symbol, Inherited)) for r in value.references):
            return None
        answers.add(True)
    return answers.pop() if len(answers) == 1 else None


def stored_key(identity: object, name: str) -> str:
    """The name under which a state keeps what was stored in an attribute of an object; no Python name looks like it."""
    return f"{identity!r}.{name}"
