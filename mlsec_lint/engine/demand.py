"""Which bodies a run composes: those with sinks, and those that lead to them over calls that can be resolved.

Words find the candidates, resolved edges select among them: a function that mentions ``load`` counts as a caller of
``Store.load`` only if the name it uses leads there (an import, the same module, ``self`` in a related class, a class
that the file knows). Method names that many classes define are followed no further, and that is counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.reach import code_of, functions_of
from mlsec_lint.dataflow.flow.values import Cls, CodeKey, Fun, Mod
from mlsec_lint.source.scan import Scanner, Trigger

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.values import FunctionRef
    from mlsec_lint.engine.texts import Texts

_ROUNDS: Final = 6
"""Calls that are followed upwards from a sink; each round scans for the names that the one before found."""

_MOST_BODIES: Final = 4_000
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
        self._targets: dict[str, list[FunctionRef]] = {}
        self._related: dict[tuple[str, CodeKey], bool] = {}
        self._callers: dict[CodeKey, set[CodeKey]] = {}
        self._seeds: set[CodeKey] = set()
        self._seeded: set[str] = set()
        self.bodies: dict[CodeKey, Code] = {}
        self.modules: set[str] = set()
        self.unfollowed: Counter[str] = Counter()

    def seed(self, path: str, places: Iterable[int]) -> None:
        """Start from the functions of a module that hold sinks at these places."""
        for at in places:
            code = self._around(path, at)
            if code is None:
                self.modules.add(path)
                self._seeded.add(path)
            else:
                self.bodies[code.key] = code
                self._seeds.add(code.key)

    def everything(self) -> None:
        """All bodies count, wherever they lead."""
        for path in self._sources:
            self.modules.add(path)
            self.bodies.update((code.key, code) for code in self._codes(path))

    def follow(self) -> None:
        """Add the callers, round by round."""
        fresh = list(self.bodies.values())
        searched: set[str] = set()
        for _ in range(_ROUNDS):
            wanted: dict[str, list[Code]] = {}
            for code in fresh:
                wanted.setdefault(self._name(code), []).append(code)
            wanted.pop("", None)
            if not wanted or len(self.bodies) > _MOST_BODIES:
                self.unfollowed[TOO_MANY] += len(wanted)
                return
            searched.update(wanted)
            fresh = self._users(wanted)

    def restrict(self, bearing: Callable[[Code], bool]) -> None:
        """Keep the bodies that matter: from the sinks up to the first that outsiders may call, and whatever lies
        between a body with foreign data (``bearing``) and a sink."""
        called: dict[CodeKey, list[CodeKey]] = {}
        for callee, callers in self._callers.items():
            for caller in callers:
                called.setdefault(caller, []).append(callee)
        kept = _closure(self._seeds, lambda key: () if self._is_open(key) else self._callers.get(key, ()))
        starts = {key for key, code in self.bodies.items() if bearing(code)}
        kept |= _closure(starts, lambda key: called.get(key, ()))
        self.bodies = {key: code for key, code in self.bodies.items() if key in kept}
        self.modules &= self._seeded | {path for path, _ in kept}

    def _is_open(self, key: CodeKey) -> bool:
        """Whether outsiders may call a body, so that its callers add nothing to what they may pass."""
        code = self.bodies.get(key)
        name = code.body.name if code is not None else "_"
        return not name.startswith("_") or name == "__call__"

    def files(self) -> list[str]:
        """The modules of the bodies, and those whose top level counts, in order."""
        return sorted(self.modules | {path for path, _ in self.bodies})

    def codes(self) -> list[Code]:
        """The bodies in order of place."""
        return [code for _, code in sorted(self.bodies.items())]

    def _codes(self, path: str) -> list[Code]:
        return functions_of(self._solver, path)

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

    def _name(self, code: Code) -> str:
        """The name by which a body is called: its own, or that of its class for what makes or is an instance."""
        name = code.body.name
        if code.owner is None or not (name.startswith("__") and name.endswith("__")):
            return name
        return self._solver.classes.name(code.owner)

    def _users(self, wanted: Mapping[str, list[Code]]) -> list[Code]:
        """The bodies that use one of the names for one of the functions."""
        fresh: dict[CodeKey, Code] = {}
        scanner, classes = self._scanner(wanted)
        own = {code.module.path for codes in wanted.values() for code in codes}
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            offsets = set(scanner.scan(text.data).offsets)
            names = self._searched(path, text.data, offsets, classes, wanted if path in own else {})
            if names:
                pattern = b"|".join(re.escape(name.encode()) for name in sorted(names))
                offsets.update(match.start() for match in re.finditer(rb"\b(?:%s)\b" % pattern, text.data))
            for at in sorted(offsets):
                self._use(path, text.data, at, wanted, fresh)
        self.bodies.update(fresh)
        return list(fresh.values())

    def _scanner(self, wanted: Mapping[str, list[Code]]) -> tuple[Scanner, dict[str, set[str]]]:
        """What to look for in all files: imported functions, methods with telling names, and classes whose methods
        have names that say nothing (with the names of these methods)."""
        triggers: dict[str, tuple[Trigger, ...]] = {}
        classes: dict[str, set[str]] = {}
        for name, codes in wanted.items():
            methods = [code for code in codes if code.owner is not None and code.body.name == name]
            if len(methods) < len(codes):
                triggers[name] = (Trigger(),)
            if methods and len(self._solver.index.definers(name)) <= _MOST_DEFINERS:
                triggers[name] = (Trigger(anywhere=True),)
            elif methods:
                self.unfollowed[TOO_COMMON] += 1
                for code in methods:
                    if code.owner is not None:
                        classes.setdefault(self._solver.classes.name(code.owner), set()).add(name)
        classes.pop("", None)
        for cls in classes:
            triggers.setdefault(cls, (Trigger(anywhere=True),))
        return Scanner(triggers, (), self._solver.project.top_names()), classes

    def _searched(
        self,
        path: str,
        data: bytes,
        offsets: set[int],
        classes: Mapping[str, set[str]],
        own: Mapping[str, list[Code]],
    ) -> set[str]:
        """The names to look for in a file besides: those of its own functions, and methods of classes that it knows."""
        names = {name for name, codes in own.items() if any(code.module.path == path for code in codes)}
        if classes:
            for at in offsets:
                match = _WORD.match(data, at)
                word = match.group().decode("latin-1") if match is not None else ""
                names |= classes.get(word, set())
        return names

    def _use(
        self, path: str, data: bytes, at: int, wanted: Mapping[str, list[Code]], fresh: dict[CodeKey, Code]
    ) -> None:
        match = _WORD.match(data, at)
        name = match.group().decode("latin-1") if match is not None else ""
        targets = wanted.get(name, [])
        if not targets or not self._is_use(path, data, at, name, targets):
            return
        code = self._around(path, at)
        if code is None or at < code.body.inside:
            self.modules.add(path)
            return
        for target in targets:
            self._callers.setdefault(target.key, set()).add(code.key)
        if code.key not in self.bodies:
            fresh[code.key] = code

    def _is_use(self, path: str, data: bytes, at: int, name: str, targets: list[Code]) -> bool:
        """Whether the word at a place may call one of the functions."""
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
        return any(self._knows(path, data, code) for code in targets if code.owner is not None)

    def _knows(self, path: str, data: bytes, code: Code) -> bool:
        owner = code.owner
        if owner is None or code.module.path == path:
            return True
        key = (path, owner)
        known = self._related.get(key)
        if known is None:
            names = self._solver.index.family(self._solver.classes.name(owner))
            known = self._related[key] = any(name.encode() in data for name in names)
        return known


def _closure(start: Iterable[CodeKey], further: Callable[[CodeKey], Iterable[CodeKey]]) -> set[CodeKey]:
    found = set(start)
    pending = list(found)
    while pending:
        for key in further(pending.pop()):
            if key not in found:
                found.add(key)
                pending.append(key)
    return found
