"""One run: from paths and settings to a result. Every front end calls this and nothing below it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlsec_lint.checks.draft import Draft
from mlsec_lint.domain.finding import Finding, Problem, ScanResult, Statistics
from mlsec_lint.domain.rule import Rule
from mlsec_lint.engine.analysis import Analysis, Outcome
from mlsec_lint.engine.calls import call_pairs
from mlsec_lint.engine.config import Config, validate_selectors
from mlsec_lint.engine.discovery import Discovery, discover
from mlsec_lint.engine.project_facts import project_facts
from mlsec_lint.engine.selection import Selection
from mlsec_lint.engine.texts import Texts
from mlsec_lint.engine.unscanned import unscanned
from mlsec_lint.knowledge.catalogue import load_knowledge, rules_directory

if TYPE_CHECKING:
    from mlsec_lint.knowledge.index import Knowledge


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan. ``given`` maps paths (relative to the root) to text that is not, or not yet, on disk.

    Without ``paths`` only what is given is scanned, with the current folder as the root. ``calls`` asks for the graph
    of calls as well, for which every body has to be read.
    """

    paths: tuple[Path, ...]
    config: Config
    given: tuple[tuple[str, bytes], ...] = ()
    everything: bool = False
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: the result, the knowledge it used, the texts for excerpts, and the rules that were applied.

    ``calls``, if they were asked for, are pairs of the qualified names of a caller and of what it calls
    (``pkg.module.Class.method``); the caller of what a module calls at its top level is ``pkg.module``.
    """

    result: ScanResult
    knowledge: Knowledge
    texts: Texts
    rules: tuple[Rule, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()

    def line(self, path: str, number: int, cell: int | None) -> str:
        """A source line for an excerpt; in a notebook, of a cell."""
        text = self.texts.read(path)
        if text is None:
            return ""
        if cell is not None and text.notebook is not None:
            number = text.notebook.virtual_line(cell, number)
        return text.line(number)


def run(request: Request, progress: Callable[[int, int], None] | None = None) -> Run:
    """Scan. Raises errors of configuration, catalogue and usage; all else becomes a problem of the result."""
    start = time.perf_counter()
    knowledge = load_knowledge(extra_models=request.config.models)
    names = {name for rule in knowledge.rules for name in (rule.code, rule.slug)}
    validate_selectors(request.config, names)
    from mlsec_lint.source.manifests import is_manifest, read_conda_names, read_versions

    given = dict(request.given)
    found = discover(request.paths, request.config, is_manifest, given=tuple(given))
    sources = sorted(source.relative for source in found.sources)
    conda = read_conda_names(rules_directory() / "_facts" / "conda_names.toml")
    versions = read_versions(found.root, found.manifests, conda)
    texts = Texts(found.root, request.config.max_file_size, given)
    selection = Selection.of(request.config, found.root)
    rules = [rule for rule in knowledge.rules if selection.wants(rule, rule.profile)]
    analysis = Analysis(
        texts,
        sources,
        knowledge,
        versions,
        rules,
        lambda draft, path: selection.wants(draft.rule, draft.profile) and not selection.ignored_in(draft.rule, path),
        profile=request.config.profile,
        everything=request.everything,
        threat=request.config.threat_model,
        facts=project_facts(found.root, sources, found.manifests),
        progress=(lambda done: progress(done, len(sources))) if progress is not None else None,
    )
    outcome = analysis.run()
    gaps = unscanned(analysis.context, texts)
    calls = call_pairs(analysis, outcome.problems) if request.calls else ()
    problems = [*found.problems, *versions.problems, *outcome.problems, *gaps]
    return Run(_result(found, outcome, problems, time.perf_counter() - start), knowledge, texts, tuple(rules), calls)


def _result(found: Discovery, outcome: Outcome, problems: Sequence[Problem], seconds: float) -> ScanResult:
    statistics = Statistics(
        outcome.files,
        outcome.lines,
        outcome.outlined,
        outcome.evaluated,
        outcome.suppressed,
        seconds,
        definitions=outcome.definitions,
        lowered=outcome.lowered,
        composed=outcome.composed,
        unfollowed=outcome.unfollowed,
        threat_model=outcome.threat_model,
    )
    findings = tuple(sorted(outcome.findings, key=Finding.sort_key))
    return ScanResult(findings, tuple(problems), statistics, str(found.root))


__all__ = ["Draft", "Request", "Run", "run"]
