"""What is kept of an evaluated body: all that its callers need to know."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.labels import Tags
from mlsec_lint.dataflow.flow.values import Address, CodeKey, Value

MOST_RESIDUALS: Final = 12
MOST_SINKS: Final = 48


class Site(Struct, frozen=True, cache_hash=True):
    """A place in a file, as a byte span."""

    module: str
    at: int
    end: int


class Argument(Struct, frozen=True):
    """One argument of a call: its value and the byte span of its expression (-1 if it has none)."""

    value: Value
    at: int = -1
    end: int = -1


class Call(Struct, frozen=True):
    """The arguments of a call; ``more_*`` say that a spread may add arguments which are not listed.

    ``spread`` is the iterable itself, if all that is not listed comes from one iterable of a caller, in its order.
    """

    positional: tuple[Argument, ...] = ()
    keywords: tuple[tuple[str, Argument], ...] = ()
    more: Value | None = None
    more_keywords: Value | None = None
    spread: Value | None = None

    def values(self) -> list[Value]:
        """All values that are passed."""
        found = [a.value for a in self.positional]
        found += [a.value for _, a in self.keywords]
        found += [v for v in (self.more, self.more_keywords) if v is not None]
        return found

    def keyword(self, name: str) -> Argument | None:
        """A keyword argument."""
        return next((a for n, a in self.keywords if n == name), None)

    def get(self, parameters: tuple[str, ...], name: str) -> Argument | None:
        """The argument for a parameter of an external function."""
        found = self.keyword(name)
        if found is None and name in parameters:
            index = parameters.index(name)
            if index < len(self.positional):
                return self.positional[index]
            if self.more is not None:
                return Argument(self.more)
        return found

    def after(self, first: tuple[Argument, ...]) -> Call:
        """The call with more positional arguments in front."""
        return Call((*first, *self.positional), self.keywords, self.more, self.more_keywords, self.spread)


class SinkHit(Struct, frozen=True):
    """A call that knowledge lists, reached by data: ``name`` at ``site``, with its receiver and arguments.

    ``hops`` are the call sites that lead from the summarised body to the one with the sink; ``tags`` hold doubts about
    whether the call happens.
    """

    name: str
    site: Site
    definition: str
    call: Call
    receiver: Value | None
    exact: bool = True
    passed: bool = False
    hops: tuple[tuple[CodeKey, Site, CodeKey], ...] = ()
    tags: frozenset[str] = frozenset()


class Residual(Struct, frozen=True):
    """A call that only a caller can resolve: of a value, or of a method of it. ``number`` names its result.

    ``site`` in ``code`` is where it is written; ``hops`` are the call sites that lead there from the summarised body.
    """

    number: int
    callee: Value
    method: str
    call: Call
    site: Site
    code: CodeKey
    hops: tuple[tuple[CodeKey, Site, CodeKey], ...] = ()


class Deferred(Struct, frozen=True):
    """An operation on what only a caller knows, kept where calls are noted: a property read, an iteration, ``==``.

    ``operands`` start with the receiver; ``names`` are those of the attribute, or of the special methods in question.
    """

    kind: str
    names: tuple[str, ...]
    operands: tuple[Value, ...]
    code: CodeKey
    site: Site | None


class Summary(Struct, frozen=True):
    """A body as its callers see it.

    ``returns`` is none if no way leads to the end. ``heap`` holds the objects that it makes and that can be reached
    from outside, and what it writes to objects of its callers (addresses that start with ``"s"``). ``guards`` hold for
    values of the callers whenever the body returns. ``made`` are the addresses of new objects, ``late`` those
    of objects that depend on the results of residual calls. ``leaves`` says that something is left in the objects or
    globals of a module.
    """

    returns: Value | None = None
    raises: Value | None = None
    heap: tuple[tuple[Address, Thing], ...] = ()
    sinks: tuple[SinkHit, ...] = ()
    residuals: tuple[Residual, ...] = ()
    guards: tuple[tuple[object, Tags], ...] = ()
    trimmed: tuple[str, ...] = ()
    made: frozenset[Address] = frozenset()
    late: frozenset[Address] = frozenset()
    leaves: bool = False
    deferred: tuple[Deferred, ...] = ()


BOTTOM: Final = Summary()
