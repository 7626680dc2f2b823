"""Which bodies a run composes: those with sinks, and those that lead data to them.

Bodies are looked for from the sinks upwards, and each is evaluated before its callers are looked for: if nothing that
its callers pass reaches a sink, they do not matter. Beyond a body that outsiders may call themselves, callers matter
only if they lead foreign data to it, so these are first looked for in the texts (``callers``), between the functions
that hold some (``bearing``) and the body.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from mlsec_lint.dataflow.flow.reach import code_of, functions_of, makes_function, passes_on
from mlsec_lint.engine.callers import Callers, Use
from mlsec_lint.engine.text_functions import TextFunction, TextFunctions

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.values import CodeKey
    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.engine.bearing import Bearing
    from mlsec_lint.engine.texts import Texts

T = TypeVar("T")

_ROUNDS: Final = 8
"""Calls that are followed upwards from a sink."""

_MOST_BODIES: Final = 4_000
TOO_MANY: Final = "callers beyond a limit"


class Demand:
    """The bodies to compose, found from the sinks upwards."""

    def __init__(self, solver: Solver, texts: Texts, sources: Iterable[str], bearing: Bearing) -> None:
        self._solver = solver
        self._sources = tuple(sources)
        self._bearing = bearing
        self._functions = TextFunctions(texts)
        names = solver.project.top_names()
        self._callers = Callers(texts, self._sources, self._functions, solver.index, names)
        self._targets: dict[str, list[FunctionRef]] = {}
        self._entries: dict[CodeKey, Code] = {}
        self._seeds: set[CodeKey] = set()
        self._seen: set[CodeKey] = set()
        self._closed: set[CodeKey] = set()
        self._makers: set[CodeKey] = set()
        self._names: set[str] = set()
        self._limits: Counter[str] = Counter()
        self.bodies: dict[CodeKey, Code] = {}
        self.modules: set[str] = set()

    @property
    def unfollowed(self) -> Counter[str]:
        """What was not followed, by reason."""
        return self._limits + self._callers.unfollowed

    def seed(self, path: str, places: Iterable[int]) -> None:
        """Start from the functions of a module that hold sinks at these places."""
        for at in places:
            code = self._around(path, at)
            if code is None:
                self.modules.add(path)
            else:
                self.bodies[code.key] = code
                self._seeds.add(code.key)

    def everything(self) -> None:
        """All bodies count, wherever they lead."""
        for path in self._sources:
            self.modules.add(path)
            self.bodies.update((code.key, code) for code in functions_of(self._solver, path))

    def follow(self) -> None:
        """Add the bodies that lead data to the sinks."""
        fresh = list(self.bodies.values())
        self._seen.update(self.bodies)
        for _ in range(_ROUNDS):
            closed = self._passing(fresh)
            if not closed or self._is_full():
                break
            fresh = self._adopted(self._callers.uses(self._texts_of(closed)))
        self._follow_foreign()

    def files(self) -> list[str]:
        """The modules of the bodies, and those whose top level counts, in order."""
        return sorted(self.modules | {path for path, _ in self.bodies})

    def codes(self) -> list[Code]:
        """The bodies in order of place."""
        return [code for _, code in sorted(self.bodies.items())]

    def _follow_foreign(self) -> None:
        """Above the bodies that outsiders may call: the ways from functions that hold foreign data."""
        ways = self._ways(self._texts_of(self._entries.values()))
        passing = list(self._entries.values())
        closed: list[Code] = []
        for _ in range(_ROUNDS):
            uses = [use for function in self._texts_of(passing) for use in ways.get(function.called, ())]
            uses += self._callers.uses(self._texts_of(closed))
            fresh = self._adopted(uses)
            if not fresh or self._is_full():
                return
            closed = [code for code in self._passing(fresh) if code.key in self._makers]
            passing = [code for code in fresh if code.key in self._entries or code.key in self._closed]

    def _ways(self, entries: Iterable[TextFunction]) -> dict[str, list[Use]]:
        """The uses, by the name of what is used, on some way from a function with foreign data to an entry."""
        found: dict[str, dict[Use, None]] = {}
        seen = set(entries)
        fresh = list(seen)
        for _ in range(_ROUNDS):
            if len(seen) > _MOST_BODIES:
                self._limits[TOO_MANY] += len(fresh)
                break
            users: dict[TextFunction, None] = {}
            for use in self._callers.uses(fresh):
                found.setdefault(use.name, {})[use] = None
                if use.inside is not None and use.inside not in seen:
                    users[use.inside] = None
            seen.update(users)
            fresh = list(users)
        return self._bearing_ways({name: list(uses) for name, uses in found.items()})

    def _bearing_ways(self, found: dict[str, list[Use]]) -> dict[str, list[Use]]:
        """Only the uses in functions that hold foreign data, or that such functions lead to."""
        inner: dict[TextFunction, set[str]] = {}
        for name, uses in found.items():
            for use in uses:
                if use.inside is not None:
                    inner.setdefault(use.inside, set()).add(name)
        by_name: dict[str, list[TextFunction]] = {}
        for function in inner:
            by_name.setdefault(function.called, []).append(function)
        starts = [function for function in inner if self._bearing.holds_text(function)]
        kept = _closure(starts, lambda function: [f for name in inner[function] for f in by_name.get(name, ())])
        return {name: [u for u in uses if u.inside is None or u.inside in kept] for name, uses in found.items()}

    def _passing(self, codes: list[Code]) -> list[Code]:
        """Of some new bodies, those whose callers matter: they pass on data and outsiders do not call them, or they
        make a function, which a caller may hand to somebody outside."""
        self._solver.lead(self.bodies, self._bearing.holds)
        closed: list[Code] = []
        for code in sorted(codes, key=lambda each: each.key):
            try:
                summary = self._solver.demanded((code.key, (), False))
            except Exception:  # noqa: BLE001 - it is reported when the body is composed
                continue
            makes = makes_function(self._solver, code, summary)
            if not (makes or passes_on(summary, self._names)):
                if not (summary.sinks or summary.leaves or code.key in self._seeds):
                    del self.bodies[code.key]
                continue
            self._names.add(code.body.name)
            if makes:
                self._makers.add(code.key)
            if makes or not _is_open(code):
                self._closed.add(code.key)
                closed.append(code)
            else:
                self._entries[code.key] = code
        return closed

    def _adopted(self, uses: Iterable[Use]) -> list[Code]:
        """The bodies of the uses that are not known yet; modules whose top level uses one are noted."""
        fresh: dict[CodeKey, Code] = {}
        for use in uses:
            code = self._around(use.path, use.at)
            if code is None or use.at < code.body.inside:
                self.modules.add(use.path)
            elif code.key not in self._seen:
                fresh[code.key] = code
        self.bodies.update(fresh)
        self._seen.update(fresh)
        return list(fresh.values())

    def _is_full(self) -> bool:
        if len(self.bodies) > _MOST_BODIES:
            self._limits[TOO_MANY] += 1
        return len(self.bodies) > _MOST_BODIES

    def _texts_of(self, codes: Iterable[Code]) -> list[TextFunction]:
        found = (self._functions.around(code.module.path, code.body.inside) for code in codes)
        return list(dict.fromkeys(function for function in found if function is not None))

    def _around(self, path: str, at: int) -> Code | None:
        """The function of a module, at its top level or in a class there, in which a place lies."""
        targets = self._targets.get(path)
        if targets is None:
            exit_ = self._solver.context.exit_of(path)
            functions = exit_.functions.values() if exit_ is not None else ()
            targets = sorted((f for f in functions if f.body.kind == "function"), key=lambda f: f.body.at)
            self._targets[path] = targets
        index = bisect_right(targets, at, key=lambda target: target.body.at) - 1
        if index < 0 or at >= targets[index].body.end:
            return None
        return code_of(self._solver, targets[index])


def _is_open(code: Code) -> bool:
    """Whether outsiders may call a body, so that its callers add nothing to what they may pass."""
    return not code.body.name.startswith("_") or code.body.name == "__call__"


def _closure(start: Iterable[T], further: Callable[[T], Iterable[T]]) -> set[T]:
    found = set(start)
    pending = list(found)
    while pending:
        for each in further(pending.pop()):
            if each not in found:
                found.add(each)
                pending.append(each)
    return found
