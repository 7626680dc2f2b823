"""The analysis of one project in one process: scan, evaluate, judge. Everything a front end reports comes from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsec_lint.checks.call_sinks import CallSinks
from mlsec_lint.checks.callables import CallsOf
from mlsec_lint.checks.conditions import Judge
from mlsec_lint.checks.draft import Draft
from mlsec_lint.checks.overrides import Overrides
from mlsec_lint.dataflow.events import EventLog
from mlsec_lint.dataflow.renames import renamed_fields, renamed_globals
from mlsec_lint.dataflow.units import new_context, observe_function, observe_module
from mlsec_lint.domain.finding import Finding, Problem
from mlsec_lint.engine.findings import findings_of
from mlsec_lint.engine.selection_of_units import Units, units_with
from mlsec_lint.engine.suppressions import MARKERS, apply_suppressions, suppressions_of, unused_drafts
from mlsec_lint.engine.texts import Texts
from mlsec_lint.knowledge.vocabulary import words
from mlsec_lint.source.project import Module, Project
from mlsec_lint.source.scan import Hits, Scanner, Trigger

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule
    from mlsec_lint.knowledge.index import Knowledge
    from mlsec_lint.source.manifests import VersionFacts

_ROUNDS: Final = 3
"""Scans for names that the project gives to sinks; each round can only find names that the one before uncovered."""

_UNUSED: Final = "unused-suppression"


@dataclass(slots=True)
class Outcome:
    """What the analysis of some files found."""

    findings: list[Finding] = field(default_factory=list[Finding])
    problems: list[Problem] = field(default_factory=list[Problem])
    files: int = 0
    lines: int = 0
    outlined: int = 0
    evaluated: int = 0
    suppressed: int = 0


class Analysis:
    """Analyses the files of one project.

    ``wants`` decides which drafts are reported (selection and profile); ``everything`` treats every file as if the
    scan had accepted every word in it, which must not change the findings and is there to test that.
    """

    def __init__(
        self,
        texts: Texts,
        sources: Sequence[str],
        knowledge: Knowledge,
        versions: VersionFacts,
        rules: Sequence[Rule],
        wants: Callable[[Draft, str], bool],
        *,
        everything: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.texts = texts
        self.sources = sources
        self.knowledge = knowledge
        self.rules = tuple(rules)
        self.wants = wants
        self.everything = everything
        self.progress = progress
        self.project = Project(texts.root, sources, texts.module_text)
        self.context = new_context(self.project, knowledge)
        self.overrides = Overrides(self.context)
        self.judge = Judge(self.context, versions, self.overrides.mitigates, CallsOf(self.context))
        self.outcome = Outcome()
        self.units: dict[str, Units] = {}
        self._words: Mapping[str, tuple[Trigger, ...]] = {}
        self._slugs = frozenset(rule.slug for rule in rules)

    def run(self, wanted: Iterable[str] | None = None) -> Outcome:
        """Analyse the project's files, or only the ``wanted`` ones among them, in order of path."""
        accepted = self.accept()
        chosen = set(wanted) if wanted is not None else None
        for path in sorted(accepted):
            if chosen is None or path in chosen:
                self._guarded(path, accepted[path])
        self.outcome.problems.extend(self.texts.problems[p] for p in sorted(self.texts.problems))
        self.outcome.evaluated = self.context.evaluated
        return self.outcome

    def accept(self) -> Mapping[str, Hits]:
        """The files that can matter, with the places where they do."""
        scanner = self._scanner()
        accepted: dict[str, Hits] = {}
        for path in self.sources:
            text = self.texts.read(path)
            if text is None:
                continue
            self.outcome.files += 1
            self.outcome.lines += text.data.count(b"\n") + (not text.data.endswith(b"\n") and bool(text.data))
            hits = scanner.scan(text.data)
            if hits.offsets or hits.suppressions or self.everything:
                self.texts.keep(text)
                accepted[path] = hits
        return self._with_renamed(accepted)

    def _scanner(self) -> Scanner:
        triggers = self._words = {
            word: tuple(Trigger(e.roots, e.anywhere, e.options, e.beside, e.base) for e in entries)
            for word, entries in words(self.knowledge, self.rules, self.project.own_packages).items()
        }
        return Scanner(triggers, MARKERS, self.project.top_names())

    def _with_renamed(self, accepted: dict[str, Hits]) -> dict[str, Hits]:
        """Add the places where the project's own names for sinks are used, in the same file and where they go.

        Each file's functions are lowered here, while its tree is at hand, so that no file is parsed twice.
        """
        known: set[str] = set()
        self.context.relevant = frozenset(self._words)
        pending = sorted(accepted)
        for _ in range(_ROUNDS):
            fresh: set[str] = set()
            for path in pending:
                names = self._renamed(path, accepted[path])
                if names:
                    self._add(accepted, path, {name: (Trigger(anywhere=True),) for name in names})
                    fresh |= names
                self._select(path, accepted[path])
            fresh -= known
            known |= fresh
            self._now_relevant(fresh)
            if not fresh:
                break
            pending = self._spread(accepted, fresh)
        return accepted

    def _now_relevant(self, names: set[str]) -> None:
        """New names lead to sinks: what was decided without them is decided again."""
        self.context.relevant = (self.context.relevant or frozenset()) | names
        self.context.bases.clear()

    def _select(self, path: str, hits: Hits) -> None:
        """Choose and lower the functions of a file that will be evaluated."""
        module = self.project.module(path)
        exit_ = self.context.exit_of(path)
        if module is None or exit_ is None:
            return
        offsets = hits.offsets
        if self.everything:
            offsets = (*offsets, *(f.body.at + 4 for f in exit_.functions.values()))
        units = self.units[path] = units_with(module, exit_.functions, offsets)
        for function in units.functions:
            module.lower(function.body)

    def _spread(self, accepted: dict[str, Hits], names: set[str]) -> list[str]:
        scanner = Scanner({name: (Trigger(),) for name in names}, (), self.project.top_names())
        changed: list[str] = []
        for path in self.sources:
            text = self.texts.read(path)
            hits = scanner.scan(text.data) if text is not None else Hits()
            if text is not None and hits.offsets:
                self.texts.keep(text)
                accepted[path] = _merged(accepted.get(path, Hits()), hits)
                changed.append(path)
        return changed

    def _renamed(self, path: str, hits: Hits) -> set[str]:
        module = self.project.module(path)
        if module is None or not hits.offsets:
            return set()
        names = {name for name, _ in hits.renamed} | renamed_globals(self.context, module)
        return names | renamed_fields(module, hits.offsets)

    def _add(self, accepted: dict[str, Hits], path: str, triggers: Mapping[str, tuple[Trigger, ...]]) -> None:
        module = self.project.module(path)
        if module is not None:
            accepted[path] = _merged(accepted[path], Scanner(triggers, ()).scan(module.data))

    def _guarded(self, path: str, hits: Hits) -> None:
        """A defect of ours costs one file, and is reported by name."""
        if self.progress is not None:
            self.progress(1)
        try:
            module = self.project.module(path)
            if module is not None:
                self._file(module, hits)
        except (RecursionError, MemoryError) as error:
            self._failed(path, f"is too deeply nested to analyse ({type(error).__name__}); it was not scanned")
        except Exception as error:  # noqa: BLE001 - one file's failure must not end the run
            self._failed(path, f"internal error, please report it: {type(error).__name__}: {error}")

    def _failed(self, path: str, message: str) -> None:
        self.outcome.problems.append(Problem(path, message))

    def _file(self, module: Module, hits: Hits) -> None:
        self.outcome.outlined += 1
        drafts = self._drafts(module)
        text = self.texts.kept(module.path)
        wanted = [draft for draft in drafts if self.wants(draft, module.path)]
        if hits.suppressions or (self.everything and any(m.encode() in module.data for m in MARKERS)):
            comments = suppressions_of(module, text)
            wanted, silenced, used = apply_suppressions(text, wanted, comments)
            self.outcome.suppressed += len(silenced)
            wanted += self._unused(module, comments, used)
        self.outcome.findings.extend(findings_of(text, wanted))

    def _unused(self, module: Module, comments: Sequence[object], used: set[tuple[int, str]]) -> list[Draft]:
        rule = next((r for r in self.rules if r.slug == _UNUSED), None)
        if rule is None or not comments:
            return []
        active = frozenset(n for r in self.rules for n in (r.slug, r.code))
        known = frozenset(n for r in self.knowledge.rules for n in (r.slug, r.code))
        drafts = unused_drafts(rule, comments, used, active, known)  # type: ignore[arg-type]
        return [draft for draft in drafts if self.wants(draft, module.path)]

    def _drafts(self, module: Module) -> list[Draft]:
        exit_ = self.context.exit_of(module.path)
        if exit_ is None:
            return []
        units = self.units[module.path]
        log = EventLog()
        if units.top_level or self.everything:
            observe_module(self.context, module, log)
        for function in units.functions:
            observe_function(self.context, module, function, log)
        drafts = CallSinks(self.judge, module, self._slugs).drafts(log)
        return drafts + self.overrides.drafts(exit_.functions, self._slugs)


def _merged(left: Hits, right: Hits) -> Hits:
    offsets = tuple(sorted({*left.offsets, *right.offsets}))
    return Hits(offsets, left.suppressions or right.suppressions, left.renamed)


def relative_to(root: Path, path: Path) -> str:
    """A path as reports name it."""
    return path.relative_to(root).as_posix()
