"""Runs programs and writes down which function called which: ``python watch_calls.py FOLDER...`` prints JSON.

Run by the tests in a process of its own. A call from outside of the program counts as one of the function of the
program that is nearest on the stack. Needs Python 3.11, which says where in a line a piece of code stands.
"""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable, Iterable

_INLINED = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
_FUNCTION = 1
"""The flag of code that has fast locals: functions, and neither modules nor classes."""


class Watch:
    """The calls of one program."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.edges: set[tuple[str, str]] = set()
        self._names: dict[tuple[object, ...], str] = {}
        self._loaded: set[str] = set()

    def run(self) -> None:
        """Run ``main.py``."""
        path = os.path.join(self.folder, "main.py")
        with open(path, encoding="utf-8") as file:
            code = compile(file.read(), path, "exec")
        main = types.ModuleType("main")
        sys.modules["main"] = main
        sys.setprofile(self._event)
        try:
            exec(code, main.__dict__)  # noqa: S102 - programs of our own, to see what they do
        finally:
            sys.setprofile(None)

    def _event(self, frame: types.FrameType, event: str, _: object) -> None:
        if event != "call" or not frame.f_code.co_flags & _FUNCTION or frame.f_code.co_name in _INLINED:
            return
        callee = self._name(frame.f_code)
        outer = frame.f_back
        while callee is not None and outer is not None:
            caller = self._name(outer.f_code)
            if caller is not None:
                self.edges.add((caller, callee))
                return
            outer = outer.f_back

    def _name(self, code: types.CodeType) -> str | None:
        path = code.co_filename
        if not path.startswith(self.folder):
            return None
        if path not in self._loaded:
            self._loaded.add(path)
            module = os.path.relpath(path, self.folder)[:-3].replace(os.sep, ".").removesuffix(".__init__")
            with open(path, encoding="utf-8") as file:
                whole = compile(file.read(), path, "exec")
            self._names[_key(whole)] = module
            self._add(whole, module, module, [0])
        return self._names.get(_key(code))

    def _add(self, code: types.CodeType, prefix: str, owner: str, lambdas: list[int]) -> None:
        """Name what is nested in a piece of code; comprehensions and class bodies belong to the code around them."""
        for inner in code.co_consts:
            if not isinstance(inner, types.CodeType):
                continue
            name, names, count = inner.co_name, owner, [0]
            if name in _INLINED:
                within, count = prefix, lambdas
            elif inner.co_flags & _FUNCTION:
                lambdas[0] += name == "<lambda>"
                names = within = f"{prefix}.<lambda{lambdas[0]}>" if name == "<lambda>" else f"{prefix}.{name}"
            else:
                within = f"{prefix}.{name}"
            self._names[_key(inner)] = names
            self._add(inner, within, names, count)


def _key(code: types.CodeType) -> tuple[object, ...]:
    positions: Callable[[], Iterable[object]] = vars(types.CodeType)["co_positions"].__get__(code)
    return (code.co_filename, code.co_firstlineno, code.co_name, str(list(positions())[:3]))


def main() -> None:
    """Run the programs one after the other, each with modules of its own."""
    found: dict[str, list[tuple[str, str]]] = {}
    for folder in sys.argv[1:]:
        known = set(sys.modules)
        sys.path.insert(0, folder)
        watch = Watch(folder)
        watch.run()
        sys.path.remove(folder)
        for name in set(sys.modules) - known:
            if (getattr(sys.modules[name], "__file__", "") or "").startswith(folder) or name == "main":
                del sys.modules[name]
        found[folder] = sorted(watch.edges)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
