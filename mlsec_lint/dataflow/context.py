"""What evaluations share: the project, the knowledge, the exit state of every module, the fields of every class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from mlsec_lint.dataflow.fields import FieldTable
from mlsec_lint.dataflow.state import HeapObject
from mlsec_lint.dataflow.values import (
    UNKNOWN,
    ClassRef,
    External,
    FunctionRef,
    Inherited,
    InstanceOf,
    ModuleRef,
    Reference,
    Site,
    Symbol,
    Value,
    join,
    reference,
    stored_key,
)
from mlsec_lint.source.project import Module, Project

if TYPE_CHECKING:
    from mlsec_lint.knowledge.index import Knowledge

_DEEPEST_CHAIN: Final = 12
"""Re-exports that are followed from one module to the next."""


@dataclass(frozen=True, slots=True)
class ModuleExit:
    """A module after its top level ran: its global names, its star imports, its heap, and the functions by offset."""

    names: dict[str, Value]
    stars: tuple[tuple[str | None, str], ...]
    heap: dict[Site, HeapObject]
    functions: dict[int, FunctionRef]
    truncated: bool


@dataclass(slots=True)
class Context:
    """Shared by all evaluations of one run.

    ``relevant`` are the names that can lead to a sink; imports of other names are not followed into other modules
    while bodies are evaluated (arguments of sinks are, whatever their names). None stands for every name.
    Module exits are computed with the imports of other project modules left symbolic, so they do not depend on the
    order in which modules are asked for.
    """

    project: Project
    knowledge: Knowledge
    evaluate_module: Callable[[Context, Module], ModuleExit]
    evaluate_fields: Callable[[Context, ClassRef, FunctionRef], dict[str, Value]]
    exits: dict[str, ModuleExit | None] = field(default_factory=dict[str, "ModuleExit | None"])
    fields: FieldTable = field(default_factory=FieldTable)
    bases: dict[tuple[int, bool], list[ClassRef | External]] = field(
        default_factory=dict[tuple[int, bool], "list[ClassRef | External]"]
    )
    objects: dict[Site, HeapObject] = field(default_factory=dict[Site, HeapObject])
    relevant: frozenset[str] | None = None
    resolving: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    truncated: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    evaluated: int = 0

    def is_relevant(self, dotted: str) -> bool:
        """Whether a name of the project can lead to a sink."""
        return self.relevant is None or not self.relevant.isdisjoint(dotted.split("."))

    def now_relevant(self, names: set[str]) -> None:
        """Names were found to lead to sinks: what was decided without them is decided again."""
        if names and self.relevant is not None:
            self.relevant |= names
            self.bases.clear()

    def exit_of(self, path: str) -> ModuleExit | None:
        """The state in which a module ends; none if it cannot be read."""
        if path not in self.exits:
            self.exits[path] = None
            module = self.project.module(path)
            self.exits[path] = self.evaluate_module(self, module) if module is not None else None
        return self.exits[path]

    def stored_attribute(self, path: str, identity: object, name: str) -> Value | None:
        """What the top level of a module stored in an attribute of the object with this identity."""
        exit_ = self.exits.get(path)
        return exit_.names.get(stored_key(identity, name)) if exit_ is not None else None

    def shared_object(self, site: Site) -> HeapObject | None:
        """A container made outside the body under evaluation: at the top level of a module, or for a field."""
        exit_ = self.exits.get(site[0])
        found = exit_.heap.get(site) if exit_ is not None else None
        return found if found is not None else self.objects.get(site)

    def resolve(self, value: Value) -> Value:
        """The value with every symbol replaced by what it stands for."""
        if not any(isinstance(r, (Symbol, Inherited)) for r in value.references):
            return value
        result: Value | None = None
        rest = tuple(r for r in value.references if not isinstance(r, (Symbol, Inherited)))
        if rest or value.constants or value.open:
            result = Value(value.constants, rest, value.open, value.origins, value.identity)
        for ref in value.references:
            found: Value | None = None
            if isinstance(ref, Symbol):
                found = self.symbol(ref.module, ref.name, 0)
            elif isinstance(ref, Inherited):
                found = self.inherited(ref.cls, ref.name)
            if found is not None:
                result = found if result is None else join(result, found)
        return result if result is not None else UNKNOWN

    def resolve_relevant(self, value: Value) -> Value:
        """The value with relevant symbols resolved, and the others left as they are."""
        wanted = [r for r in value.references if isinstance(r, (Symbol, Inherited)) and self.is_relevant(r.name)]
        if not wanted:
            return value
        rest = tuple(r for r in value.references if r not in wanted)
        found = self.resolve(Value((), tuple(wanted)))
        if not rest and not value.constants and not value.open:
            return found
        return join(Value(value.constants, rest, value.open, value.origins, value.identity), found)

    def inherited(self, cls: ClassRef, name: str) -> Value:
        """An attribute that the bases of a class define or store, wherever they are.

        A field that is made of itself (``self.x = self.x or ...``) is unknown in its own making.
        """
        key = (id(cls), name)
        if key in self.resolving or len(self.resolving) > _DEEPEST_CHAIN:
            return UNKNOWN
        self.resolving.add(key)
        try:
            return self._inherited(cls, name)
        finally:
            self.resolving.discard(key)

    def _inherited(self, cls: ClassRef, name: str) -> Value:
        stored: Value | None = None
        for owner in self.bases_of(cls, every=True):
            if isinstance(owner, ClassRef):
                one = self.own_field(owner, name)
                if one is not None:
                    stored = one if stored is None else join(stored, one)
        above = self.class_attribute(cls, name, every=True)
        if stored is None:
            return above or UNKNOWN
        stored = self.resolve(stored)
        if above is None or any(isinstance(r, External) for r in above.references):
            return stored
        return join(stored, above)

    def symbol(self, path: str, dotted: str, depth: int) -> Value:
        """What ``dotted`` means in the module at ``path``, through re-exports."""
        first, _, rest = dotted.partition(".")
        value = self._name_in(path, first, depth)
        for part in rest.split(".") if rest else ():
            value = self.attribute_of(value, part, depth + 1)
        return value

    def _name_in(self, path: str, name: str, depth: int) -> Value:
        if depth > _DEEPEST_CHAIN:
            return UNKNOWN
        exit_ = self.exit_of(path)
        if exit_ is None:
            return UNKNOWN
        value = exit_.names.get(name)
        if value is not None:
            module = self.project.module(path)
            if module is not None and name in module.rebound:
                value = Value(value.constants, value.references, True, value.origins)
            found = self._follow(value, depth)
            if found.references or found.constants:
                return found
        submodule = self.project.submodule(path, name)
        if submodule is not None:
            return reference(ModuleRef(submodule))
        for star, dotted in exit_.stars:
            if star is None:
                return Value((), (External(self.knowledge.canonical(f"{dotted}.{name}")),), len(exit_.stars) > 1)
            if star != path:
                found = self._name_in(star, name, depth + 1)
                if found.references or found.constants:
                    return found
        return UNKNOWN

    def _follow(self, value: Value, depth: int) -> Value:
        """Resolve the symbols of a value found in another module, within the chain limit."""
        if not any(isinstance(r, Symbol) for r in value.references):
            return value
        result: Value | None = None
        for ref in value.references:
            one = self.symbol(ref.module, ref.name, depth + 1) if isinstance(ref, Symbol) else reference(ref)
            result = one if result is None else join(result, one)
        rest = Value(value.constants, (), value.open, value.origins)
        if result is None:
            return rest
        return join(result, rest) if value.constants or value.open else result

    def attribute_of(self, value: Value, name: str, depth: int = 0) -> Value:
        """An attribute of a value that belongs to no heap: modules, classes, external names."""
        result: Value | None = None
        maker = _maker(value.identity)
        stored = self.stored_attribute(maker, value.identity, name) if maker else None
        if stored is not None:
            return stored
        for ref in value.references:
            one = self._attribute(ref, name, depth)
            result = one if result is None else join(result, one)
        if result is None:
            return Value((), (), True, value.origins)
        return Value(result.constants, result.references, result.open or value.open, result.origins | value.origins)

    def _attribute(self, ref: Reference, name: str, depth: int) -> Value:
        if isinstance(ref, ModuleRef):
            return self._name_in(ref.module, name, depth)
        if isinstance(ref, External):
            return reference(External(self.knowledge.canonical(f"{ref.name}.{name}")))
        if isinstance(ref, ClassRef):
            return self.class_attribute(ref, name) or UNKNOWN
        if isinstance(ref, Symbol):
            return reference(Symbol(ref.module, f"{ref.name}.{name}"))
        if isinstance(ref, InstanceOf):
            own = self.own_field(ref.cls, name)
            return own if own is not None else self.inherited(ref.cls, name)
        return UNKNOWN

    def class_attribute(self, cls: ClassRef, name: str, *, above: bool = False, every: bool = False) -> Value | None:
        """An attribute of a class or of its bases, in order; an external base contributes its own name.

        ``above`` leaves out the class itself, as ``super()`` does; ``every`` looks at irrelevant bases too.
        """
        for owner in self.bases_of(cls, every=every)[1 if above else 0 :]:
            if isinstance(owner, External):
                return Value((), (External(self.knowledge.canonical(f"{owner.name}.{name}")),), False)
            found = owner.attributes.get(name)
            if found is not None:
                return self.resolve(found)
        return None

    def bases_of(self, cls: ClassRef, *, every: bool = False) -> list[ClassRef | External]:
        """A class and everything above it, depth first; external bases included once each.

        Bases imported from other modules are followed if their names are relevant, or all with ``every``.
        """
        key = (id(cls), every)
        known = self.bases.get(key)
        if known is not None:
            return known
        found: list[ClassRef | External] = []
        pending: list[ClassRef | External] = [cls]
        while pending and len(found) < 40:
            current = pending.pop(0)
            if current in found:
                continue
            found.append(current)
            if isinstance(current, ClassRef):
                above: list[ClassRef | External] = []
                for base in current.bases:
                    for ref in (self.resolve(base) if every else self.resolve_relevant(base)).references:
                        if isinstance(ref, (ClassRef, External)):
                            above.append(ref)  # noqa: PERF401 - two levels of loops
                pending = above + pending
        self.bases[key] = found
        return found

    def own_field(self, cls: ClassRef, name: str) -> Value | None:
        """What the methods of a class (not of its bases) store in ``self.name``; none if they do not."""
        return self.fields.stored(self, cls, name)


def _maker(identity: object) -> str:
    """The module whose top level made the object with this identity; empty if that is not known."""
    if not isinstance(identity, tuple):
        return ""
    parts = cast("tuple[object, ...]", identity)
    return parts[1] if len(parts) == 3 and parts[0] == "site" and isinstance(parts[1], str) else ""
