"""The words of the scan, worked out from the library models: no list of words is kept by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlsec_lint.domain.rule import Rule
from mlsec_lint.knowledge.index import Knowledge, SinkEntry
from mlsec_lint.knowledge.schema import Condition, Sink


@dataclass(frozen=True, slots=True)
class Word:
    """A last name of sinks, with the import names that lead to it and the options without which it is safe."""

    roots: frozenset[str]
    anywhere: bool
    options: frozenset[str]


def words(knowledge: Knowledge, rules: Iterable[Rule]) -> Mapping[str, Word]:
    """The words to look for when only these rules are wanted."""
    wanted = {rule.slug for rule in rules}
    roots = _roots(knowledge)
    found: dict[str, Word] = {}
    for entry in knowledge.entries():
        if entry.rule is None or entry.rule.slug not in wanted:
            continue
        options = quiet_options(entry.sink)
        for name in (*entry.sink.call, *entry.sink.assign):
            _add(found, entry, knowledge.canonical(name) if "[" not in name else name, options, roots)
    return found


def _add(
    found: dict[str, Word], entry: SinkEntry, name: str, options: frozenset[str], roots: Mapping[str, frozenset[str]]
) -> None:
    last = name.rpartition(".")[2] or name
    if "[" in name:
        last = name.partition("[")[2].rstrip("]")
    first = name.partition(".")[0]
    anywhere = entry.sink.receiver == "any" or "." not in name or "[" in name or distinctive(last)
    word = Word(roots.get(first, frozenset()) | {first}, anywhere, options)
    old = found.get(last)
    if old is not None:
        both = old.options | word.options if old.options and word.options else frozenset[str]()
        word = Word(old.roots | word.roots, old.anywhere or word.anywhere, both)
    found[last] = word


def distinctive(word: str) -> bool:
    """Whether a word is unlikely to be anything but the API: several parts, and long."""
    return "_" in word.strip("_") and len(word) >= 10


def quiet_options(sink: Sink) -> frozenset[str]:
    """The options without which a call of the sink is surely safe; empty if it can be unsafe without any."""
    if sink.otherwise != "safe":
        return frozenset()
    options: set[str] = set()
    for case in sink.case:
        if case.verdict == "safe":
            continue
        needed = [c.argument for c in case.when if _demands_presence(c)]
        if not needed:
            return frozenset()
        options.add(needed[0].rpartition(".")[2])
    return frozenset(options)


def _demands_presence(condition: Condition) -> bool:
    if not condition.argument or condition.argument == "self" or condition.unless:
        return False
    if condition.absent or condition.origin or condition.literal or condition.overrides:
        return False
    keyword = bool(condition.equals or condition.truthy or condition.contains or condition.calls)
    return keyword or bool(condition.refers)


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
