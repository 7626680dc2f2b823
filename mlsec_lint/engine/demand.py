"""Which bodies a run composes: those with sinks, and those that lead data to them.

Bodies are looked for from the sinks upwards, and each is evaluated before its callers are looked for: if nothing that
its callers pass reaches a sink, they do not matter. Beyond a body that outsiders may call themselves, callers matter
only if they lead foreign data to it, so these are first looked for in the texts (``callers``), between the functions
that hold some (``bearing``) and the body.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.reach import code_of, functions_of, is_called_outside, makes_function, passes_on
from mlsec_lint.dataflow.flow.summary import Summary
from mlsec_lint.dataflow.flow.values import Cls, CodeKey, Fun, Mod
from mlsec_lint.engine.callers import Callers, Use
from mlsec_lint.engine.holders import Holders
from mlsec_lint.engine.text_functions import TextFunction, TextFunctions
from mlsec_lint.engine.ways import TOO_MANY, Ways

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.engine.bearing import Bearing
    from mlsec_lint.engine.texts import Texts

_ROUNDS: Final = 8
"""Calls that are followed upwards from a sink."""

_MOST_BODIES: Final = 4_000


class Demand:
    """The bodies to compose, found from the sinks upwards."""

    def __init__(
        self, solver: Solver, texts: Texts, sources: Iterable[str], functions: TextFunctions, bearing: Bearing
    ) -> None:
        self._solver = solver
        self._sources = tuple(sources)
        self._bearing = bearing
        self._functions = functions
        names = solver.project.top_names()
        self._callers = Callers(texts, self._sources, self._functions, solver.index, names)
        self._holders = Holders(texts, functions, solver.index)
        self._ways = Ways(self._callers, bearing, self._holders)
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
        return self._limits + self._callers.unfollowed + self._ways.unfollowed

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
            fresh = self._adopted(self._callers.uses(self._texts_of(closed)), closed)
        self._follow_foreign()

    def files(self) -> list[str]:
        """The modules of the bodies, and those whose top level counts, in order."""
        return sorted(self.modules | {path for path, _ in self.bodies})

    def codes(self) -> list[Code]:
        """The bodies in order of place."""
        return [code for _, code in sorted(self.bodies.items())]

    def _follow_foreign(self) -> None:
        """Above the bodies that outsiders may call: the ways from functions that hold foreign data."""
        ways = self._ways.to(self._texts_of(self._entries.values()))
        passing = list(self._entries.values())
        closed: list[Code] = []
        for _ in range(_ROUNDS):
            names = dict.fromkeys(function.called for function in self._texts_of(passing))
            self._names.update(each for name in names for each in self._ways.names_of(name))
            uses = [use for name in names for use in ways.get(name, ())]
            uses += self._callers.uses(self._texts_of(closed))
            fresh = self._adopted(uses, [*passing, *closed])
            if not fresh or self._is_full():
                return
            closed = self._passing(fresh)
            passing = [code for code in fresh if code.key in self._entries]

    def _passing(self, codes: list[Code]) -> list[Code]:
        """Of some new bodies, those whose callers matter: they pass on data and outsiders do not call them, or they
        make a function, which a caller may hand to somebody outside."""
        self._solver.lead(self.bodies, self._bearing.holds)
        closed: list[Code] = []
        for code in sorted(codes, key=lambda each: each.key):
            summary = self._summary(code)
            makes = makes_function(self._solver, code, summary)
            if not (makes or passes_on(summary, self._names)):
                if not (summary.sinks or summary.leaves or code.key in self._seeds):
                    del self.bodies[code.key]
                continue
            self._names.add(code.body.name)
            if makes:
                self._makers.add(code.key)
            if makes or not is_called_outside(self._solver, code):
                self._closed.add(code.key)
                closed.append(code)
            else:
                self._entries[code.key] = code
        return closed

    def _summary(self, code: Code) -> Summary:
        try:
            # What the top level of its module makes of a class or a function has to be known before.
            self._solver.guarded(lambda: self._solver.exit(code.module.path))
            return self._solver.demanded((code.key, (), False))
        except Exception:  # noqa: BLE001 - it is reported when the body is composed
            return Summary()

    def _adopted(self, uses: Iterable[Use], used: Iterable[Code]) -> list[Code]:
        """The bodies that use some others and are not known yet; modules whose top level uses one are noted."""
        fresh: dict[CodeKey, Code] = {}
        keys = {key for code in used for key in (code.key, code.owner) if key is not None}
        for use in uses:
            if not self._may_mean(use, keys):
                continue
            code = self._around(use.path, use.at)
            if code is None or use.at < code.body.inside:
                self.modules.add(use.path)
            elif code.key not in self._seen:
                fresh[code.key] = code
        self.bodies.update(fresh)
        self._seen.update(fresh)
        return list(fresh.values())

    def _may_mean(self, use: Use, keys: set[CodeKey]) -> bool:
        """Whether a name stands for one of some functions and classes, or for something that may lead to one."""
        *modules, name = use.chain
        path, statics = use.path, self._solver.statics
        for each in modules:
            value = statics.global_name(path, each, early=True)
            if value is None or len(value.refs) != 1 or not isinstance(value.refs[0], Mod):
                return True
            path = value.refs[0].path
        value = statics.global_name(path, name, early=True)
        found = {r.code for r in value.refs if isinstance(r, (Fun, Cls))} if value is not None else set[CodeKey]()
        return not found or bool(found & keys)

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
