"""What expressions of ``find_class`` stand for: the module and name asked for, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias


class Opaque:
    """A part of a literal that is no string, number or container: a class, a call, an unknown name."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "..."


OPAQUE: Final = Opaque()

MODULE: Final = "module"
NAME: Final = "name"


@dataclass(frozen=True, slots=True)
class Text:
    """A string that depends on what the pickle asks for: the module or name itself, or something derived from them.

    ``origin`` says from which (``MODULE``, ``NAME`` or both). Two texts are the same string if and only if ``key`` is.
    """

    origin: frozenset[str]
    key: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Module and name together: ``(module, name)``, or joined by ``separator`` to one string."""

    module: Value
    name: Value
    separator: str = ""

    @property
    def origin(self) -> frozenset[str]:
        """What the pair depends on."""
        return origin_of(self.module) | origin_of(self.name)


@dataclass(frozen=True, slots=True)
class Known:
    """A value that the project's text fixes, by a literal or a constant of its own; ``text`` is how it is written.

    Containers are ``tuple``, ``frozenset`` or ``Table``; ``member`` marks one (unknown) of the elements of ``content``.
    """

    content: object
    text: str
    member: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary as a hashable record: its entries in the order of the text."""

    entries: tuple[tuple[object, object], ...]

    def keys(self) -> tuple[object, ...]:
        """The keys, in order."""
        return tuple(key for key, _ in self.entries)

    def values(self) -> tuple[object, ...]:
        """The values, in order."""
        return tuple(value for _, value in self.entries)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that does not depend on what the pickle asks for, and is not known: an object, an option, a table."""

    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a table of the program holds for what the pickle asks: an object (or names) that the program has chosen."""

    table: Value
    key: Value

    @property
    def origin(self) -> frozenset[str]:
        """What the key depends on."""
        return origin_of(self.key)


@dataclass(frozen=True, slots=True)
class Imported:
    """A module object, by its name."""

    module: Value


@dataclass(frozen=True, slots=True)
class Lookup:
    """An object that was looked up by module and name: what a pickle gets to call.

    ``by`` is the function as written; ``followed`` is false if only its arguments suggest that it looks something up.
    """

    module: Value
    name: Value
    by: str
    followed: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a test, kept in a variable."""

    test: Test


Value: TypeAlias = "Text | Pair | Known | Unknown | Entry | Imported | Lookup | Decision"

NOTHING: Final[frozenset[str]] = frozenset()


def origin_of(value: Value) -> frozenset[str]:
    """Which of module and name, as asked for, a value depends on."""
    if isinstance(value, (Text, Pair, Entry)):
        return value.origin
    if isinstance(value, Imported):
        return origin_of(value.module)
    if isinstance(value, Lookup):
        return origin_of(value.module) | origin_of(value.name)
    return NOTHING


@dataclass(frozen=True, slots=True)
class Atom:
    """One test of what the pickle asks for.

    ``how`` is ``member`` (the subject is one of ``values``; ``None`` if those are not known), ``loose`` (a prefix, a
    pattern, a part), ``asked`` (a function that could not be followed) or ``option`` (nothing about the subject).
    ``text`` is the collection or test as written; ``values`` holds strings, or (module, name) for a subject of both.
    """

    how: str
    subject: Value | None
    text: str
    values: frozenset[object] | None = None


State: TypeAlias = "frozenset[tuple[Atom, bool]]"
"""What is known on a path: tests, and how they came out."""
ALWAYS: Final[State] = frozenset()


@dataclass(frozen=True, slots=True)
class All:
    """True if all parts are; false if one is."""

    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True if one part is; false if none is."""

    parts: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Test


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same on every path."""

    truth: bool


@dataclass(frozen=True, slots=True)
class Cases:
    """The outcomes of a function of the project: the states in which it says yes, and in which it says no."""

    yes: tuple[State, ...]
    no: tuple[State, ...]


Test: TypeAlias = "Atom | All | Any | Not | Fixed | Cases"


class TooManyPathsError(Exception):
    """A method with more ways through it than are worth following."""


MAX_PATHS: Final = 128


def cases(test: Test, truth: bool) -> list[State]:
    """The states in which a test comes out as ``truth``; raises ``TooManyPathsError`` above ``MAX_PATHS``."""
    if isinstance(test, Fixed):
        return [ALWAYS] if test.truth == truth else []
    if isinstance(test, Atom):
        return [frozenset({(test, truth)})]
    if isinstance(test, Not):
        return cases(test.part, not truth)
    if isinstance(test, Cases):
        return list(test.yes if truth else test.no)
    if isinstance(test, All) == truth:
        states = [ALWAYS]
        for part in test.parts:
            states = both(states, cases(part, truth))
        return states
    return list(dict.fromkeys(state for part in test.parts for state in cases(part, truth)))


def both(left: list[State], right: list[State]) -> list[State]:
    """The states in which one of ``left`` and one of ``right`` holds, without those that contradict themselves."""
    states = dict.fromkeys(a | b for a in left for b in right)
    found = [state for state in states if not any((atom, not truth) in state for atom, truth in state)]
    if len(found) > MAX_PATHS:
        raise TooManyPathsError
    return found
