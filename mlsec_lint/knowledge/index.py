"""Knowledge as the analysis asks it: by qualified name, by method name, by rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mlsec_lint.domain.rule import Rule
from mlsec_lint.knowledge.patterns import NameTable
from mlsec_lint.knowledge.schema import (
    DefinitionsFile,
    Model,
    OriginEntry,
    Producer,
    Propagator,
    Sink,
    Source,
    UnpicklerDanger,
)
from mlsec_lint.knowledge.schema_flow import Entry, Guard, GuardEntry, ThreatModelEntry


@dataclass(frozen=True, slots=True)
class SinkEntry:
    """A sink with the library it belongs to and the rule that reports its kind (none for reserved kinds)."""

    sink: Sink
    library: str
    packages: tuple[str, ...]
    rule: Rule | None


def is_listed(name: str, patterns: Sequence[str]) -> bool:
    """Whether a method or an attribute is among those that an entry lists (``*`` stands for any public text)."""
    return name in patterns or any(
        "*" in pattern and not name.startswith("_") and fnmatchcase(name, pattern) for pattern in patterns
    )


@dataclass(slots=True)
class Knowledge:
    """Rules and library models, indexed. Built once per run and not changed afterwards."""

    rules: tuple[Rule, ...]
    origins: Mapping[str, OriginEntry]
    dangers: tuple[UnpicklerDanger, ...] = ()
    definitions: DefinitionsFile = field(default_factory=DefinitionsFile)
    sinks: NameTable[SinkEntry] = field(default_factory=NameTable[SinkEntry])
    assigned: NameTable[SinkEntry] = field(default_factory=NameTable[SinkEntry])
    sources: NameTable[Source] = field(default_factory=NameTable[Source])
    attributes: NameTable[Source] = field(default_factory=NameTable[Source])
    producers: NameTable[Producer] = field(default_factory=NameTable[Producer])
    propagators: NameTable[Propagator] = field(default_factory=NameTable[Propagator])
    types: NameTable[str] = field(default_factory=NameTable[str])
    specials: NameTable[str] = field(default_factory=NameTable[str])
    guards: NameTable[Guard] = field(default_factory=NameTable[Guard])
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, GuardEntry] = field(default_factory=dict[str, GuardEntry])
    threat_models: Mapping[str, ThreatModelEntry] = field(default_factory=dict[str, ThreatModelEntry])
    decorated: NameTable[Entry] = field(default_factory=NameTable[Entry])
    callbacks: NameTable[Entry] = field(default_factory=NameTable[Entry])
    bases: NameTable[Entry] = field(default_factory=NameTable[Entry])
    conventions: dict[str, tuple[Entry, ...]] = field(default_factory=dict[str, tuple[Entry, ...]])
    methods: dict[str, tuple[SinkEntry, ...]] = field(default_factory=dict[str, tuple[SinkEntry, ...]])
    passing: set[str] = field(default_factory=set[str])
    """Methods that, in some library, give another form of their receiver (``read``, ``decode``, ``resolve``)."""
    classes: set[str] = field(default_factory=set[str])
    _aliases: dict[str, str] = field(default_factory=dict[str, str])
    _canonical: dict[str, str] = field(default_factory=dict[str, str])
    _entries: list[SinkEntry] = field(default_factory=list[SinkEntry])

    def canonical(self, name: str) -> str:
        """The name by which knowledge lists what ``name`` refers to: the longest alias prefix is rewritten."""
        known = self._canonical.get(name)
        if known is None:
            known = self._canonical[name] = self._rewrite(name)
        return known

    def _rewrite(self, name: str) -> str:
        for _ in range(4):
            prefix = name
            while prefix and prefix not in self._aliases:
                prefix = prefix.rpartition(".")[0]
            if not prefix:
                return name
            name = self._aliases[prefix] + name[len(prefix) :]
        return name

    def special(self, name: str) -> str:
        """What the evaluation does at a call of this name; empty for nothing special."""
        found = self.specials.first(name)
        if found is None and "." in name:
            found = self.specials.first("*." + name.rpartition(".")[2])
        return found or ""

    def describes(self, name: str) -> bool:
        """Whether something is known of calling this name."""
        tables = (self.sinks, self.sources, self.producers, self.propagators, self.guards, self.types, self.callbacks)
        return any(table.find(name) for table in tables)

    def entries(self) -> Sequence[SinkEntry]:
        """All sinks."""
        return self._entries

    def aliases(self) -> Mapping[str, str]:
        """Alias prefixes and what they stand for."""
        return self._aliases

    def named_entries(self, function: str, cls: str = "") -> tuple[Entry, ...]:
        """Entries for a function of this name, or for a method of a class of this name."""
        found = self.conventions.get(function, ())
        return (*found, *self.conventions.get(f"{cls}.{function}", ())) if cls else found

    def rule(self, name: str) -> Rule | None:
        """The rule with this code or slug."""
        return next((r for r in self.rules if name in (r.slug, r.code)), None)

    def add_models(self, models: Iterable[Model]) -> None:
        """Index library models; called while the catalogue is loaded."""
        models = list(models)
        for model in models:
            for alias in model.alias:
                self._aliases.update((name, alias.of) for name in alias.name)
        by_kind = {kind: rule for rule in self.rules for kind in rule.kinds}
        for model in models:
            for sink in model.sink:
                self._add_sink(SinkEntry(sink, model.library, model.packages, by_kind.get(sink.kind)))
            self._add_effects(model)

    def _add_sink(self, entry: SinkEntry) -> None:
        self._entries.append(entry)
        for name in map(self.canonical, entry.sink.call):
            self.sinks.add(name, entry)
            owner = name.rpartition(".")[0]
            if owner.rpartition(".")[2][:1].isupper():
                self.classes.add(owner)
            if entry.sink.receiver != "exact":
                last = name.rpartition(".")[2]
                known = self.methods.get(last, ())
                if entry not in known:
                    self.methods[last] = (*known, entry)
        for name in entry.sink.assign:
            self.assigned.add(name if "[" in name else self.canonical(name), entry)

    def _add_effects(self, model: Model) -> None:
        self._add_flows(model)
        for source in model.source:
            for name in source.call:
                self.sources.add(self.canonical(name), source)
            for name in source.attribute:
                self.attributes.add(self.canonical(name), source)
        for producer in model.producer:
            for name in producer.call:
                self.producers.add(self.canonical(name), producer)
        self._add_propagators(model)
        for typed in model.type:
            for name in typed.call:
                self.types.add(self.canonical(name), self.canonical(typed.returns))
        for special in model.special:
            for name in special.call:
                self.specials.add(self.canonical(name), special.acts)

    def _add_propagators(self, model: Model) -> None:
        for propagator in model.propagator:
            for name in propagator.call:
                self.propagators.add(self.canonical(name), propagator)
                if propagator.source == "self":
                    self.passing.add(name.rpartition(".")[2])

    def _add_flows(self, model: Model) -> None:
        for guard in model.guard:
            for name in guard.call:
                self.guards.add(self.canonical(name), guard)
        for entry in model.entry:
            self._add_entry(entry)

    def _add_entry(self, entry: Entry) -> None:
        for table, names in (
            (self.decorated, entry.decorator),
            (self.callbacks, entry.callback),
            (self.bases, entry.base),
        ):
            for name in names:
                table.add(self.canonical(name), entry)
        for name in entry.function:
            self.conventions[name] = (*self.conventions.get(name, ()), entry)
