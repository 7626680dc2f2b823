"""Which bodies a run composes: those with sinks, and those that lead to them over calls that can be resolved.

Words find the candidates, resolved edges select among them: a function that mentions ``load`` counts as a caller of
``Store.load`` only if the name it uses leads there (an import, the same module, ``self`` in a related class, a class
that the file knows). Method names that many classes define are followed no further, and that is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.reach import functions_of
from mlsec_lint.dataflow.flow.values import Cls, CodeKey, Fun, Mod
from mlsec_lint.engine.selection_of_units import Units, units_with
from mlsec_lint.source.scan import Scanner, Trigger

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.engine.texts import Texts

_ROUNDS: Final = 8
"""Calls that are followed upwards from a sink; each round scans for the names that the one before found."""

_MOST_BODIES: Final = 12_000
_MOST_DEFINERS: Final = 3
"""Classes that may define a method for its name alone to say which one is meant."""

_WORD: Final = re.compile(rb"[A-Za-z_]\w*")
_CHAIN: Final = re.compile(rb"([A-Za-z_][\w.]*)[ \t]*\.[ \t]*$")

TOO_COMMON: Final = "callers of methods whose name many classes define"
TOO_MANY: Final = "callers beyond a limit"


class Demand:
    """The bodies to compose, found from the sinks upwards."""

    def __init__(self, solver: Solver, texts: Texts, sources: Iterable[str]) -> None:
        self._solver = solver
        self._texts = texts
        self._sources = tuple(sources)
        self._functions: dict[str, dict[int, Code]] = {}
        self.bodies: dict[CodeKey, Code] = {}
        self.modules: set[str] = set()
        self.unfollowed: Counter[str] = Counter()

    def seed(self, path: str, units: Units) -> None:
        """Start from the functions of a module that hold sinks."""
        codes = self._codes(path)
        for function in units.functions:
            code = codes.get(function.body.at)
            if code is not None:
                self.bodies[code.key] = code
        if units.top_level:
            self.modules.add(path)

    def everything(self) -> None:
        """Start from all bodies; nothing is left to be found."""
        for path in self._sources:
            self.modules.add(path)
            self.bodies.update((code.key, code) for code in self._codes(path).values())

    def follow(self) -> None:
        """Add the callers, round by round."""
        fresh = list(self.bodies.values())
        searched: set[str] = set()
        for _ in range(_ROUNDS):
            wanted: dict[str, list[Code]] = {}
            for code in fresh:
                for name in self._names(code):
                    wanted.setdefault(name, []).append(code)
            wanted = {name: codes for name, codes in wanted.items() if name not in searched or len(name) > 2}
            if not wanted or len(self.bodies) > _MOST_BODIES:
                self.unfollowed[TOO_MANY] += len(wanted)
                return
            searched.update(wanted)
            fresh = self._callers(wanted)

    def codes(self) -> list[Code]:
        """The bodies in order of place."""
        return [code for _, code in sorted(self.bodies.items())]

    def _codes(self, path: str) -> dict[int, Code]:
        known = self._functions.get(path)
        if known is None:
            known = self._functions[path] = {code.body.at: code for code in functions_of(self._solver, path)}
        return known

    def _names(self, code: Code) -> list[str]:
        """The names by which a body is called: its own, and that of its class for what makes or is an instance."""
        name = code.body.name
        if code.owner is None:
            return [name]
        info = self._solver.classes.info(code.owner)
        cls = info.name if info is not None else ""
        if name.startswith("__") and name.endswith("__"):
            return [cls]
        return [name]

    def _callers(self, wanted: Mapping[str, list[Code]]) -> list[Code]:
        """The bodies that use one of the names for one of the functions."""
        scanner = Scanner({name: (Trigger(anywhere=True),) for name in wanted}, ())
        fresh: dict[CodeKey, Code] = {}
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            offsets = scanner.scan(text.data).offsets
            if offsets:
                self._in_file(path, text.data, offsets, wanted, fresh)
        self.bodies.update(fresh)
        return list(fresh.values())

    def _in_file(
        self,
        path: str,
        data: bytes,
        offsets: tuple[int, ...],
        wanted: Mapping[str, list[Code]],
        fresh: dict[CodeKey, Code],
    ) -> None:
        used = tuple(at for at in offsets if self._is_use(path, data, at, wanted))
        if not used:
            return
        module = self._solver.project.module(path)
        exit_ = self._solver.context.exit_of(path)
        if module is None or exit_ is None:
            return
        units = units_with(module, exit_.functions, used)
        if units.top_level:
            self.modules.add(path)
        codes = self._codes(path)
        for function in units.functions:
            code = codes.get(function.body.at)
            if code is not None and code.key not in self.bodies:
                fresh[code.key] = code

    def _is_use(self, path: str, data: bytes, at: int, wanted: Mapping[str, list[Code]]) -> bool:
        match = _WORD.match(data, at)
        name = match.group().decode("latin-1") if match is not None else ""
        targets = wanted.get(name, [])
        start = data.rfind(b"\n", 0, at) + 1
        before = data[start:at]
        if before.lstrip().startswith((b"#", b"import ", b"from ")) or before.rstrip().endswith((b"def", b"class")):
            return False
        chain = _CHAIN.search(before)
        if before.rstrip().endswith(b"."):
            return self._is_attribute(path, data, name, chain.group(1).decode() if chain else "", targets)
        return self._is_name(path, name, targets)

    def _is_name(self, path: str, name: str, targets: list[Code]) -> bool:
        """A bare name: what the module makes of it, or a function handed over by name in the same file."""
        exit_ = self._solver.context.exit_of(path)
        if exit_ is None or (name not in exit_.names and not exit_.stars):
            return any(code.module.path == path and code.owner is None for code in targets)
        value = self._solver.statics.global_name(path, name, early=True)
        keys = {code.key for code in targets} | {code.owner for code in targets if code.owner is not None}
        if value is None:
            return False
        found = {r.code for r in value.refs if isinstance(r, (Fun, Cls))}
        return bool(found & keys) if found else value.open or bool(value.refs)

    def _is_attribute(self, path: str, data: bytes, name: str, chain: str, targets: list[Code]) -> bool:
        first, _, rest = chain.partition(".")
        if not rest and first in ("self", "cls"):
            return any(code.owner is not None for code in targets) and self._is_related(path, data, targets)
        value = self._solver.statics.global_name(path, first, early=True) if first else None
        modules = [r.path for r in value.refs if isinstance(r, Mod)] if value is not None else []
        if modules:
            return any(code.owner is None or rest for code in targets)
        if (
            value is not None
            and value.refs
            and all(not isinstance(r, (Cls, Mod)) for r in value.refs)
            and not value.open
        ):
            methods = [code for code in targets if code.owner is not None]
            if not methods:
                return False
        if all(code.owner is None for code in targets):
            return False
        if len(self._solver.index.definers(name)) <= _MOST_DEFINERS or self._is_related(path, data, targets):
            return True
        self.unfollowed[TOO_COMMON] += 1
        return False

    def _is_related(self, path: str, data: bytes, targets: list[Code]) -> bool:
        """Whether the file knows the class of one of the methods, or a class derived from it or above it."""
        for code in targets:
            if code.owner is None:
                continue
            if code.module.path == path:
                return True
            info = self._solver.classes.info(code.owner)
            if info is None:
                continue
            names = self._solver.index.family(info.name)
            if any(name.encode() in data for name in names):
                return True
        return False
