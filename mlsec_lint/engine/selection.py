"""Which rules a run reports, and where: ``select``, ``ignore``, the profile, and the ignores of single files."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlsec_lint.domain.rule import PROFILES, Rule
from mlsec_lint.engine.patterns import PatternSet, compile_patterns

if TYPE_CHECKING:
    from mlsec_lint.engine.config import Config

_BY_NAME = 1_000
"""How specific a full code or slug is; more than any prefix is long."""


def specificity(selector: str, rule: Rule) -> int:
    """How precisely ``selector`` means ``rule``: 0 not at all, the length of a prefix, or more for its full name."""
    if selector in (rule.code, rule.slug):
        return _BY_NAME
    return len(selector) if selector and rule.code.startswith(selector) else 0


def is_known(selector: str, known: Collection[str]) -> bool:
    """Whether ``selector`` is a code or slug in ``known``, or a prefix of a code such as ``MLS1``."""
    if selector in known:
        return True
    # Codes are upper case and slugs are not, so a prefix in capitals can only mean codes.
    return selector.isupper() and any(name.startswith(selector) for name in known)


@dataclass(frozen=True, slots=True)
class FileIgnores:
    """Selectors that are not reported in the files that ``patterns`` match."""

    patterns: PatternSet
    selectors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What to report. The more specific of ``select`` and ``ignore`` wins, ``ignore`` if they are equal.

    Empty ``select`` stands for every rule. ``root`` is the absolute folder to which the paths of findings are relative.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str = PROFILES[0]
    file_ignores: tuple[FileIgnores, ...] = ()
    root: str = ""

    @classmethod
    def of(cls, config: Config, root: Path) -> Selection:
        """The selection that ``config`` describes, for findings whose paths are relative to ``root``."""
        ignores: list[FileIgnores] = []
        for entry in config.per_file_ignores:
            patterns, _ = compile_patterns(str(config.base), [entry.pattern])
            if patterns is not None:
                ignores.append(FileIgnores(patterns, entry.selectors))
        return cls(config.select, config.ignore, config.profile, tuple(ignores), os.path.abspath(root))

    def wants(self, rule: Rule, profile_of_finding: str) -> bool:
        """Whether a finding of ``rule`` made for ``profile_of_finding`` is reported.

        A rule that is meant for auditors as a whole is reported to everyone who selects it by its name.
        """
        selected = max((specificity(selector, rule) for selector in self.select), default=1 if not self.select else 0)
        ignored = max((specificity(selector, rule) for selector in self.ignore), default=0)
        if selected == 0 or ignored >= selected:
            return False
        by_name = selected == _BY_NAME and rule.profile != PROFILES[0]
        return profile_of_finding == PROFILES[0] or self.profile != PROFILES[0] or by_name

    def ignored_in(self, rule: Rule, path: str) -> bool:
        """Whether the settings silence ``rule`` in the file ``path`` (relative to the root, parts joined by ``/``)."""
        if not self.file_ignores:
            return False
        place = os.path.join(self.root, path)
        return any(
            entry.patterns.covers(place, folder=False)
            for entry in self.file_ignores
            if any(specificity(selector, rule) for selector in entry.selectors)
        )
