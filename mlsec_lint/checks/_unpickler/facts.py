"""What an unpickler must never hand to a pickle, as the catalogue knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class UnpicklerFacts:
    """``rules/_facts/unpickler.toml`` in the form that a question needs.

    ``modules`` and ``names`` give the effect ("runs commands or starts processes") of whole modules, which includes
    what is below them, and of single names by (module, name).
    """

    modules: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def effect_of(self, module: str, name: str) -> str | None:
        """What a pickle can do with this name; ``None`` if nothing bad is known.

        A dotted name is an attribute path (protocol 4): its first parts may be what is dangerous.
        """
        parts = name.split(".")
        heads = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        named = (self.names[module, head] for head in heads if (module, head) in self.names)
        return self._effect_of_module(module) or next(named, None) or self._effect_of_module(f"{module}.{name}")

    def dangerous_within(self, module: str) -> tuple[str, str] | None:
        """A name of the module (dotted; a public one if there is one) that a pickle can abuse, and its effect."""
        effect = self._effect_of_module(module)
        if effect is not None:
            return module, effect
        names = (name for owner, name in self.names if owner == module)
        found = min(names, key=lambda name: (name.startswith("_"), name), default=None)
        return None if found is None else (f"{module}.{found}", self.names[module, found])

    def dangerous_below(self, package: str) -> tuple[str, str] | None:
        """As ``dangerous_within``, for the package and all modules below it."""
        below = package.rstrip(".") + "."
        candidates = {f"{owner}.{name}": effect for (owner, name), effect in self.names.items() if _in(owner, below)}
        candidates |= {module: effect for module, effect in self.modules.items() if _in(module, below)}
        first = min(candidates, default=None)
        return None if first is None else (first, candidates[first])

    def _effect_of_module(self, module: str) -> str | None:
        parts = module.split(".")
        heads = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return next((self.modules[head] for head in heads if head in self.modules), None)


def _in(module: str, below: str) -> bool:
    return module == below[:-1] or module.startswith(below)


def first_danger(pairs: Iterable[tuple[str, str]], facts: UnpicklerFacts) -> tuple[str, str] | None:
    """The first allowed pair (by alphabet) that is dangerous, dotted, and its effect."""
    found = {f"{module}.{name}": effect for module, name in pairs if (effect := facts.effect_of(module, name))}
    first = min(found, default=None)
    return None if first is None else (first, found[first])
