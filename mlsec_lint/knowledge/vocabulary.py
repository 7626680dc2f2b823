"""The words of the scan, worked out from the library models: no list of words is kept by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mlsec_lint.domain.rule import Rule
from mlsec_lint.knowledge.index import Knowledge, SinkEntry
from mlsec_lint.knowledge.schema import Condition, Sink


@dataclass(frozen=True, slots=True)
class Word:
    """A last name of sinks, with the import names that lead to it and the options without which it is safe."""

    roots: frozenset[str]
    anywhere: bool
    options: frozenset[str]
    base: bool = False


def words(knowledge: Knowledge, rules: Iterable[Rule]) -> Mapping[str, tuple[Word, ...]]:
    """The words to look for when only these rules are wanted, with the alternatives of what each needs beside it."""
    wanted = {rule.slug for rule in rules}
    roots = _roots(knowledge)
    aliases: dict[str, list[str]] = {}
    for alias, target in knowledge.aliases().items():
        aliases.setdefault(target, []).append(alias)
    found: dict[str, dict[frozenset[str], Word]] = {}
    for entry in knowledge.entries():
        if entry.rule is None or entry.rule.slug not in wanted:
            continue
        options = quiet_options(entry.sink)
        for name in (*entry.sink.call, *entry.sink.assign):
            _add(found, entry, name, options, knowledge, roots)
            for alias in aliases.get(name, ()):
                _add(found, entry, alias, options, knowledge, roots, alias.rpartition(".")[2])
    for name in knowledge.classes:
        first, last = name.partition(".")[0], name.rpartition(".")[2]
        leading = roots.get(first, frozenset()) | {first}
        base = found.setdefault(last, {}).get(_BASE)
        found[last][_BASE] = Word(leading | (base.roots if base is not None else frozenset()), False, frozenset(), True)
    return {word: tuple(alternatives.values()) for word, alternatives in found.items()}


_BASE: Final = frozenset(("class",))
"""Key of the alternative in which a word is a base class, whose subclasses inherit sinks as methods."""


def _add(
    found: dict[str, dict[frozenset[str], Word]],
    entry: SinkEntry,
    name: str,
    options: frozenset[str],
    knowledge: Knowledge,
    roots: Mapping[str, frozenset[str]],
    last: str = "",
) -> None:
    name = knowledge.canonical(name) if "[" not in name else name
    last = last or (name.partition("[")[2].rstrip("]") if "[" in name else name.rpartition(".")[2])
    first = name.partition(".")[0]
    anywhere = entry.sink.receiver == "any" or "." not in name or "[" in name or first == "builtins"
    alternatives = found.setdefault(last, {})
    word = Word(roots.get(first, frozenset()) | {first}, anywhere, options)
    old = alternatives.get(options)
    if old is not None:
        word = Word(old.roots | word.roots, old.anywhere or word.anywhere, options)
    alternatives[options] = word


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


def _roots(knowledge: Knowledge) -> Mapping[str, frozenset[str]]:
    """For the first part of each canonical name, the first parts of the import paths that lead to it."""
    found: dict[str, set[str]] = {}
    for alias, target in knowledge.aliases().items():
        found.setdefault(target.partition(".")[0], set()).add(alias.partition(".")[0])
    for _ in range(3):
        for words_ in found.values():
            for word in list(words_):
                words_ |= found.get(word, set())
    return {root: frozenset(words_) for root, words_ in found.items()}
