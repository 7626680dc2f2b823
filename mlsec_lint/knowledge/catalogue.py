"""Reading the catalogue: ``rules/`` and the user's own models, with every mistake reported by file, table and key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import FAMILIES, PROFILES, FlowRule, Risk, Rule
from mlsec_lint.domain.threats import THREAT_MODELS
from mlsec_lint.knowledge.compiled import parsed_catalogue
from mlsec_lint.knowledge.index import Knowledge
from mlsec_lint.knowledge.schema import (
    Catalogue,
    DefinitionsFile,
    KindsFile,
    Model,
    OriginsFile,
    RuleFile,
    UnpicklerFile,
)
from mlsec_lint.knowledge.schema_flow import GuardEntry, GuardsFile, ThreatModelEntry, ThreatModelsFile
from mlsec_lint.knowledge.toml import read_toml
from mlsec_lint.knowledge.validation import check_model

T = TypeVar("T")
Files = Mapping[Path, Mapping[str, object]]


class Vocabulary(NamedTuple):
    """The closed vocabularies that rules may use."""

    kinds: Mapping[str, object]
    origins: Mapping[str, object]
    guards: Mapping[str, object]


_CODE: Final = re.compile(r"MLS\d{3}")


def rules_directory() -> Path:
    """Where the catalogue lies: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_rules"
    return installed if installed.is_dir() else package.parent / "rules"


def load_knowledge(directory: Path | None = None, extra_models: Sequence[Path] = ()) -> Knowledge:
    """The catalogue as the analysis uses it.

    Raises :class:`KnowledgeError` for the first mistake found.
    """
    directory = directory or rules_directory()
    files = parsed_catalogue(directory)
    facts = directory / "_facts"
    kinds = _convert(facts / "kinds.toml", files, KindsFile).kinds
    origins = _convert(facts / "origins.toml", files, OriginsFile).origins
    dangers = _convert(facts / "unpickler.toml", files, UnpicklerFile).danger
    risks = _read_risks(files)
    tags = _guards(facts / "guards.toml", files)
    rules = _read_rules(files, risks, Vocabulary(kinds, origins, tags))
    paths = [path for path in files if path.parent.name == "_models"]
    models = [_convert(path, files, Model) for path in paths]
    extra = [_convert(path, {path: read_toml(path)}, Model) for path in extra_models]
    for path, model in zip([*paths, *extra_models], [*models, *extra], strict=True):
        check_model(path.name, model, kinds, origins, tags)
    knowledge = Knowledge(
        rules,
        origins,
        dangers,
        _definitions(facts / "definitions.toml", files),
        kinds=kinds,
        tags=tags,
        threat_models=_threat_models(facts / "threat_models.toml", files, origins),
    )
    knowledge.add_models(_overridden(models, extra))
    return knowledge


def _overridden(models: Iterable[Model], extra: Sequence[Model]) -> list[Model]:
    """User models come first, and a sink of theirs replaces ours of the same name and kind."""
    replaced = {(name, sink.kind) for model in extra for sink in model.sink for name in sink.call}
    kept: list[Model] = list(extra)
    for model in models:
        sinks = [
            msgspec.structs.replace(sink, call=tuple(n for n in sink.call if (n, sink.kind) not in replaced))
            for sink in model.sink
        ]
        kept.append(msgspec.structs.replace(model, sink=tuple(s for s in sinks if s.call or s.assign)))
    return kept


def _definitions(path: Path, files: Files) -> DefinitionsFile:
    """Functions known by name; a catalogue may do without."""
    return _convert(path, files, DefinitionsFile) if path in files else DefinitionsFile()


def _guards(path: Path, files: Files) -> Mapping[str, GuardEntry]:
    """The vocabulary of guards; a catalogue without flow rules may do without."""
    return _convert(path, files, GuardsFile).guards if path in files else {}


def _threat_models(path: Path, files: Files, origins: Collection[str]) -> Mapping[str, ThreatModelEntry]:
    """What the threat models mean; a catalogue without flow rules may do without."""
    if path not in files:
        return {}
    models = _convert(path, files, ThreatModelsFile).models
    names = ", ".join(THREAT_MODELS)
    for name, model in models.items():
        _require(name in THREAT_MODELS, path.name, f"models.{name}", f"is none of {names}")
        for origin in model.untrusted:
            where = f"models.{name}.untrusted"
            _require(origin in origins, path.name, where, f"{origin!r} is not in _facts/origins.toml")
    missing = next((name for name in THREAT_MODELS if name not in models), None)
    _require(missing is None, path.name, "models", f"{missing} is missing; expected {names}")
    return models


def _convert(path: Path, files: Files, shape: type[T]) -> T:
    if path not in files:
        raise KnowledgeError(_short(path), "", "the file is missing")
    try:
        return msgspec.convert(files[path], shape)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at ")
        raise KnowledgeError(path.name, where.strip("`").replace("$.", "").replace("$", ""), problem) from None


def _read_risks(files: Files) -> Mapping[str, Risk]:
    found: dict[str, Risk] = {}
    for path in (path for path in files if path.parent.name == "_taxonomy"):
        catalogue = _convert(path, files, Catalogue)
        for identifier, title in catalogue.risks.items():
            number = re.sub(r"\D", "", identifier)
            url = catalogue.url.replace("{id}", identifier).replace("{number}", number)
            found[identifier] = Risk(identifier, title, catalogue.catalogue, url)
    return found


def _read_rules(files: Files, risks: Mapping[str, Risk], known: Vocabulary) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for path in (path for path in files if path.name == "rule.toml"):
        rule = _rule(path, _convert(path, files, RuleFile), risks, known)
        twin = next((r for r in rules if r.code == rule.code), None)
        if twin is not None:
            raise KnowledgeError(_short(path), "code", f"{rule.code} is already the code of {twin.slug}")
        shared = next((k for r in rules for k in r.kinds if k in rule.kinds), None)
        if shared is not None:
            raise KnowledgeError(_short(path), "kinds", f"{shared!r} belongs to another rule already")
        if not (path.parent / "README.md").is_file():
            raise KnowledgeError(_short(path), "", "the rule has no page (README.md)")
        rules.append(rule)
    return tuple(sorted(rules, key=lambda r: r.code))


def _rule(path: Path, raw: RuleFile, risks: Mapping[str, Risk], known: Vocabulary) -> Rule:
    file = _short(path)
    _require(_CODE.fullmatch(raw.code) is not None, file, "code", f"{raw.code!r} is not of the form MLS123")
    _require(raw.profile in PROFILES, file, "profile", f"{raw.profile!r} is none of {', '.join(PROFILES)}")
    _require(raw.family in FAMILIES, file, "family", f"{raw.family!r} is none of {', '.join(FAMILIES)}")
    _require(raw.severity.upper() in Severity.__members__, file, "severity", f"{raw.severity!r} is no severity")
    for kind in raw.kinds:
        _require(kind in known.kinds, file, "kinds", f"{kind!r} is not in _facts/kinds.toml")
    if raw.flow is not None:
        for key, words, vocabulary in (
            ("sources", raw.flow.sources, known.origins),
            ("sinks", raw.flow.sinks, known.kinds),
            ("guards", raw.flow.guards, known.guards),
        ):
            for word in words:
                _require(word in vocabulary, file, f"flow.{key}", f"{word!r} is not known")
    for identifier in raw.risks:
        _require(identifier in risks, file, "risks", f"{identifier!r} is in no catalogue of _taxonomy")
    return Rule(
        slug=path.parent.name,
        code=raw.code,
        title=raw.title,
        summary=raw.summary,
        severity=Severity.named(raw.severity),
        profile=raw.profile,
        family=raw.family,
        kinds=raw.kinds,
        graded=raw.graded,
        message=raw.message,
        remedy=raw.remedy,
        risks=tuple(risks[identifier] for identifier in raw.risks),
        references=raw.references,
        check=raw.check,
        since=raw.since,
        flow=FlowRule(raw.flow.sources, raw.flow.sinks, raw.flow.guards) if raw.flow is not None else None,
    )


def _require(holds: bool, file: str, where: str, problem: str) -> None:
    if not holds:
        raise KnowledgeError(file, where, problem)


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
