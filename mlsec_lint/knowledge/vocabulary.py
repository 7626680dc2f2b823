"""The words of the scan, worked out from the library models: no list of words is kept by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlsec_lint.domain.rule import PROFILES, Rule
from mlsec_lint.knowledge.index import Knowledge, SinkEntry
from mlsec_lint.knowledge.schema import Condition, Sink


@dataclass(frozen=True, slots=True)
class Word:
    """What a last name of sinks needs beside it to matter.

    ``roots`` are the import names that lead to the library, ``beside`` the words of which one must stand in the same
    file (the class, or what makes instances of it), ``options`` those without which the sink is safe. A ``base``
    matters where a class derives from it.
    """

    roots: frozenset[str]
    anywhere: bool = False
    options: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    base: bool = False


def words(
    knowledge: Knowledge, rules: Iterable[Rule], profile: str, own: frozenset[str] = frozenset()
) -> Mapping[str, list[Word]]:
    """The words to look for when only these rules are wanted, each with its alternatives.

    Sinks that ``profile`` never shows are left out. ``own`` are the import names of the scanned project: sinks of these
    libraries are its own code and not looked for.
    """
    builder = _Builder(knowledge, own)
    rules = tuple(rules)
    wanted = {rule.slug for rule in rules}
    reached = {kind for rule in rules if rule.flow is not None for kind in rule.flow.sinks}
    for entry in knowledge.entries():
        listed = (entry.rule is not None and entry.rule.slug in wanted) or entry.sink.kind in reached
        if listed and _shown(entry.sink, profile):
            builder.add_sink(entry)
    return builder.finish()


class _Builder:
    """Collects alternatives; those that need the same words beside them are merged."""

    def __init__(self, knowledge: Knowledge, own: frozenset[str]) -> None:
        self._knowledge = knowledge
        self._own = own
        self._roots = import_roots(knowledge)
        self._aliases: dict[str, list[str]] = {}
        self._makers: dict[str, set[str]] = {}
        self._found: dict[str, dict[object, Word]] = {}
        for alias, target in knowledge.aliases().items():
            self._aliases.setdefault(target, []).append(alias)
        for call in knowledge.types.names():
            for made in knowledge.types.find(call):
                owner, _, last = call.rpartition(".")
                self._makers.setdefault(made, set()).update((last, owner.rpartition(".")[2]))

    def add_sink(self, entry: SinkEntry) -> None:
        """The last names of a sink and of the aliases that lead to it."""
        options = quiet_options(entry.sink)
        for written in (*entry.sink.call, *entry.sink.assign):
            name = written if "[" in written else self._knowledge.canonical(written)
            last = name.partition("[")[2].rstrip("]") if "[" in name else name.rpartition(".")[2]
            anywhere = entry.sink.receiver == "any" or "." not in name or "[" in name or name.startswith("builtins.")
            beside = self._beside(name, entry) if not anywhere else frozenset[str]()
            word = Word(self._leading(name), anywhere, options, beside)
            if "[" not in name and (owner := name.rpartition(".")[0]) in self._knowledge.classes:
                self._add_base(owner)
            for each in (last, *(alias.rpartition(".")[2] for alias in self._aliases.get(name, ()))):
                self._add(each, word)

    def _add_base(self, name: str) -> None:
        """A class whose subclasses inherit sinks."""
        for each in (name, *self._aliases.get(name, ())):
            self._add(each.rpartition(".")[2], Word(self._leading(name), base=True))

    def finish(self) -> Mapping[str, list[Word]]:
        """All words; those that only the project's own libraries would lead to are left out."""
        return {word: kept for word, each in self._found.items() if (kept := [w for w in each.values() if w.roots])}

    def _leading(self, name: str) -> frozenset[str]:
        first = name.partition(".")[0]
        if any(name == own or name.startswith(f"{own}.") for own in self._own):
            return frozenset()
        return (self._roots.get(first, frozenset()) | {first}) - self._own

    def _beside(self, name: str, entry: SinkEntry) -> frozenset[str]:
        owner = name.rpartition(".")[0]
        cls = owner.rpartition(".")[2]
        if entry.sink.receiver != "exact" or not cls[:1].isupper() or "*" in cls:
            return frozenset()
        aliases = (alias.rpartition(".")[2] for alias in self._aliases.get(owner, ()))
        return frozenset((cls, *aliases, *self._makers.get(owner, ())))

    def _add(self, word: str, new: Word) -> None:
        alternatives = self._found.setdefault(word, {})
        key = (new.options, new.beside, new.base)
        old = alternatives.get(key)
        if old is not None:
            new = Word(old.roots | new.roots, old.anywhere or new.anywhere, new.options, new.beside, new.base)
        alternatives[key] = new


def _shown(sink: Sink, profile: str) -> bool:
    """Whether a run with this profile can show a finding of the sink."""
    if profile != PROFILES[0]:
        return True
    unsafe = [case.profile or sink.profile for case in sink.case if case.verdict != "safe"]
    if sink.otherwise != "safe":
        unsafe.append(sink.profile)
    return any(each in ("", PROFILES[0]) for each in unsafe)


def quiet_options(sink: Sink) -> frozenset[str]:
    """The options without which a call of the sink is surely safe; empty if it can be unsafe without any."""
    if sink.otherwise != "safe" or sink.assign:
        return frozenset()
    options: set[str] = set()
    for case in sink.case:
        if case.verdict == "safe":
            continue
        needed = [c.argument for c in case.when if _demands_presence(c, sink)]
        if not needed:
            return frozenset()
        options.add(needed[0].rpartition(".")[2])
    return frozenset(options)


def _demands_presence(condition: Condition, sink: Sink) -> bool:
    argument = condition.argument
    if not argument or argument == "self" or condition.unless or argument in sink.parameters:
        return False
    return not condition.absent


def import_roots(knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
    """For the first part of each canonical name, the first parts of the import paths that lead to it."""
    found: dict[str, set[str]] = {}
    for alias, target in knowledge.aliases().items():
        found.setdefault(target.partition(".")[0], set()).add(alias.partition(".")[0])
    for _ in range(3):
        for leading in found.values():
            leading.update(*(found.get(word, ()) for word in tuple(leading)))
    return {root: frozenset(leading) for root, leading in found.items()}
