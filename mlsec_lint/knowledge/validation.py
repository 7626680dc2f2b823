"""Checks of library models that a type cannot express: vocabularies, versions, names."""

from __future__ import annotations

from collections.abc import Collection

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import PROFILES
from mlsec_lint.knowledge.schema import Case, Condition, Model, Sink
from mlsec_lint.knowledge.schema_flow import Entry, Guard

_VERDICTS = ("safe", "unsafe")
_ACTS = ("test", "check", "clean", "digest", "compare")
_SPECIALS = (
    "partial", "getattr", "setattr", "import", "dict", "namespace", "sequence", "enumerate", "enumeration", "zip",
    "super", "new", "property", "static", "class", "dispatch", "default", "record", "swallow", "pure", "nothing",
    "callback", "invoke", "submit", "map", "filter", "reduce", "start", "gather", "chain", "second", "enter",
    "element", "same", "iterator", "isinstance", "type", "defaultdict", "queue", "leave", "exception", "false",
    "copy", "print", "convert", "timer", "run", "done", "partialmethod", "factory", "replace", "asdict", "named",
    "keyed", "vars", "globals", "delattr", "__str__", "__repr__", "__bytes__", "__fspath__", "__format__",
)  # fmt: skip
_RECEIVERS = ("exact", "import", "any")
_TESTS = (
    "absent", "none", "equals", "truthy", "refers", "matches",
    "contains", "literal", "origin", "calls", "overrides", "written",
)  # fmt: skip


def check_model(
    file: str, model: Model, kinds: Collection[str], origins: Collection[str], tags: Collection[str] = ()
) -> None:
    """Raise :class:`KnowledgeError` for the first mistake in a library model."""
    for number, sink in enumerate(model.sink):
        _check_sink(file, f"sink[{number}]", sink, kinds, origins)
    for number, source in enumerate(model.source):
        _one_of(file, f"source[{number}].origin", source.origin, origins)
        if source.into and source.into not in source.parameters:
            raise KnowledgeError(file, f"source[{number}].into", f"{source.into!r} is not among the parameters")
    for number, entry in enumerate(model.entry):
        _check_entry(file, f"entry[{number}]", entry, origins)
    for number, guard in enumerate(model.guard):
        _check_guard(file, f"guard[{number}]", guard, tags)
    for number, special in enumerate(model.special):
        _one_of(file, f"special[{number}].acts", special.acts, _SPECIALS)
    for number, producer in enumerate(model.producer):
        for key, name in (("into", producer.into), ("source", producer.source)):
            if name not in ("", "self", *producer.parameters):
                raise KnowledgeError(file, f"producer[{number}].{key}", f"{name!r} is not among the parameters")
    for number, propagator in enumerate(model.propagator):
        if propagator.source not in ("self", *propagator.parameters):
            raise KnowledgeError(
                file, f"propagator[{number}].source", f"{propagator.source!r} is not among the parameters"
            )


def _check_entry(file: str, where: str, entry: Entry, origins: Collection[str]) -> None:
    _one_of(file, f"{where}.origin", entry.origin, origins)
    if not (entry.decorator or entry.base or entry.function or entry.callback):
        raise KnowledgeError(file, where, "names no decorator, base, function or callback")
    inside = bool(entry.methods or entry.attributes)
    if inside and not (entry.base or entry.decorator):
        raise KnowledgeError(file, where, "methods and attributes need the base or the decorator of their class")
    if entry.base and not inside:
        raise KnowledgeError(file, where, "base and methods (or attributes) belong together")
    if entry.argument and not entry.callback:
        raise KnowledgeError(file, f"{where}.argument", "needs a callback")
    for name in entry.argument:
        if name.partition(".")[0] not in entry.parameters:
            raise KnowledgeError(file, f"{where}.argument", f"{name!r} is not among the parameters")


def _check_guard(file: str, where: str, guard: Guard, tags: Collection[str]) -> None:
    _one_of(file, f"{where}.tag", guard.tag, tags)
    _one_of(file, f"{where}.acts", guard.acts, _ACTS)
    if guard.argument not in ("", "self", *guard.parameters):
        raise KnowledgeError(file, f"{where}.argument", f"{guard.argument!r} is not among the parameters")
    if guard.acts == "compare" and (guard.argument or len(guard.parameters) < 2):
        raise KnowledgeError(file, f"{where}.acts", "'compare' needs two parameters and no argument")
    if guard.acts != "compare" and not guard.argument:
        raise KnowledgeError(file, f"{where}.argument", "does not say which data is established")
    if guard.matches and not guard.given:
        raise KnowledgeError(file, f"{where}.matches", "needs the parameters that match (given)")


def _check_sink(file: str, where: str, sink: Sink, kinds: Collection[str], origins: Collection[str]) -> None:
    _one_of(file, f"{where}.kind", sink.kind, kinds)
    _one_of(file, f"{where}.otherwise", sink.otherwise, _VERDICTS)
    _one_of(file, f"{where}.receiver", sink.receiver, _RECEIVERS)
    _levels(file, where, sink.severity, sink.profile)
    if not sink.call and not sink.assign:
        raise KnowledgeError(file, where, "names neither a call nor an assignment")
    for name in sink.call:
        if not name or "*" in name.rpartition(".")[2]:
            raise KnowledgeError(file, f"{where}.call", f"{name!r} must end in a name without a wildcard")
    for number, case in enumerate(sink.case):
        _check_case(file, f"{where}.case[{number}]", case, kinds, origins)


def _check_case(file: str, where: str, case: Case, kinds: Collection[str], origins: Collection[str]) -> None:
    _one_of(file, f"{where}.verdict", case.verdict, _VERDICTS)
    _levels(file, where, case.severity, case.profile)
    for number, condition in enumerate(case.when):
        _check_condition(file, f"{where}.when[{number}]", condition, kinds, origins)


def _check_condition(
    file: str, where: str, condition: Condition, kinds: Collection[str], origins: Collection[str]
) -> None:
    tests = [name for name in _TESTS if getattr(condition, name)]
    if bool(condition.package) != bool(condition.versions):
        raise KnowledgeError(file, where, "package and versions belong together")
    if bool(condition.argument) == bool(condition.package):
        raise KnowledgeError(file, where, "is about an argument or about a package, one of them")
    if condition.argument and not tests:
        raise KnowledgeError(file, where, f"says nothing about {condition.argument!r}")
    for origin in condition.origin:
        _one_of(file, f"{where}.origin", origin, origins)
    for kind in condition.calls:
        _one_of(file, f"{where}.calls", kind, kinds)
    if condition.versions:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            SpecifierSet(condition.versions)
        except InvalidSpecifier:
            raise KnowledgeError(file, f"{where}.versions", f"{condition.versions!r} is no version range") from None


def _levels(file: str, where: str, severity: str, profile: str) -> None:
    if severity:
        _one_of(file, f"{where}.severity", severity, [level.label for level in Severity])
    if profile:
        _one_of(file, f"{where}.profile", profile, PROFILES)


def _one_of(file: str, where: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        import difflib

        near = difflib.get_close_matches(word, list(known), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KnowledgeError(file, where, f"{word!r} is not known{hint}")
