"""What one manifest states: requirements as typed records, gathered by the reader of its format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlsec_lint.domain.finding import Problem
from mlsec_lint.source.manifests.names import Scope, group_scope, normalised

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

_LONGEST_REQUIREMENT: Final = 2_000
_LONGEST_TEXT: Final = 200
_MOST_ENTRIES: Final = 20_000
_MOST_PARENTHESES: Final = 40
_EXTRA: Final = re.compile(r"\bextra\s*==\s*[\"']([^\"']*)[\"']")


@dataclass(frozen=True, slots=True)
class Statement:
    """One requirement of one package. An empty ``specifier`` admits any version.

    ``package`` is normalised. ``pinned`` is the version that an exact ``==`` names, local label included. ``path``
    is relative to the scanned root; ``line`` starts at 1. ``text`` is the requirement as written, cut to a printable
    excerpt. ``locked`` tells a lock file's record of what is installed from a demand.
    """

    package: str
    specifier: SpecifierSet
    pinned: Version | None
    path: str
    line: int
    text: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement with what it is for, and the condition (a marker) under which it holds; empty: always.

    ``variant`` names the file whose requirements are installed instead of the usual ones (``requirements-gpu.txt``).
    """

    statement: Statement
    scope: Scope
    condition: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """A manifest that another one draws in, as written there."""

    target: str
    line: int
    scope: Scope = Scope.MAIN


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that one manifest says."""

    claims: tuple[Claim, ...] = ()
    includes: tuple[Include, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Collector:
    """Gathers what the reader of one manifest finds. ``path`` is relative to the scanned root.

    ``conda_names`` maps conda's package names to those of the package index. Entries (requirements,
    what is refused as one, and includes) beyond a bound that no real manifest reaches are dropped with a problem.
    """

    path: str
    conda_names: Mapping[str, str] = field(default_factory=dict[str, str])
    _claims: list[Claim] = field(default_factory=list[Claim], init=False)
    _includes: list[Include] = field(default_factory=list[Include], init=False)
    _problems: list[Problem] = field(default_factory=list[Problem], init=False)
    _entries: int = field(default=0, init=False)

    @property
    def count(self) -> int:
        """How many requirements were taken."""
        return len(self._claims)

    @property
    def full(self) -> bool:
        """Whether nothing more will be taken, so that a reader may stop."""
        return self._entries > _MOST_ENTRIES

    def requirement(self, text: str, line: int, scope: Scope, condition: str = "") -> bool:
        """Take a requirement as PEP 508 writes it; ``False`` if it is none, or longer than people write them."""
        from packaging.requirements import Requirement

        if self._is_full(line):
            return True
        # Nested parentheses of a marker are a recursion of the parser, which is slow before it fails.
        if len(text) > _LONGEST_REQUIREMENT or text.count("(") > _MOST_PARENTHESES:
            return False
        try:
            parsed = Requirement(text)
        except (ValueError, RecursionError):
            return False
        marker = str(parsed.marker) if parsed.marker is not None else ""
        for extra in _EXTRA.findall(marker):
            scope = max(scope, group_scope(extra))
        specifier = _url_specifier(parsed) if parsed.url else str(parsed.specifier)
        self._take(parsed.name, (specifier,), line, text, scope, _joined(condition, marker))
        return True

    def claim(
        self, package: str, alternatives: Sequence[str], line: int, text: str, scope: Scope, condition: str = ""
    ) -> None:
        """Take a requirement whose versions are PEP 440 specifiers, one of which must hold; none given: any version."""
        if not self._is_full(line):
            self._take(package, alternatives, line, text, scope, condition)

    def include(self, target: str, line: int, scope: Scope = Scope.MAIN) -> None:
        """Note that another manifest is drawn in; the path is relative to this one's folder."""
        if not self._is_full(line):
            self._includes.append(Include(target, line, scope))

    def problem(self, message: str, line: int | None = None) -> None:
        """Note what could not be read: a sentence that continues "<path>:<line>: "."""
        self._problems.append(Problem(self.path, message, line, fatal=False))

    def reading(self) -> Reading:
        """All that was gathered."""
        return Reading(tuple(self._claims), tuple(self._includes), tuple(self._problems))

    def _take(
        self, package: str, alternatives: Sequence[str], line: int, text: str, scope: Scope, condition: str
    ) -> None:
        several = len(alternatives) > 1
        for number, alternative in enumerate(alternatives or ("",)):
            where = _joined(condition, f"alternative {number}") if several else condition
            self._claims.append(Claim(self._statement(package, alternative, line, text, scope), scope, where))

    def _is_full(self, line: int) -> bool:
        self._entries += 1
        if self._entries == _MOST_ENTRIES + 1:
            self.problem(f"has more than {_MOST_ENTRIES} entries; the rest was not read", line)
        return self.full

    def _statement(self, package: str, specifier: str, line: int, text: str, scope: Scope) -> Statement:
        parsed, pinned = _parsed(specifier)
        excerpt = printable(" ".join(text[:_LONGEST_TEXT].split()))
        return Statement(normalised(package), parsed, pinned, self.path, line, excerpt, scope is Scope.LOCK)


def printable(text: str) -> str:
    """``text`` without control characters, which a hostile manifest could use on the reader's terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _joined(first: str, second: str) -> str:
    return f"{first} and {second}" if first and second else first or second


def _parsed(text: str) -> tuple[SpecifierSet, Version | None]:
    """A specifier and the one version that it names; what is no PEP 440 version admits anything."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        specifier = SpecifierSet(text)
        versions = [Version(part.version) for part in specifier if part.operator == "==="]
    except ValueError:
        return SpecifierSet(""), None
    parts = list(specifier)
    if versions and len(parts) == 1:
        return specifier, versions[0]
    if len(parts) == 1 and parts[0].operator == "==" and not parts[0].version.endswith("*"):
        return specifier, Version(parts[0].version)
    return specifier, None


def _url_specifier(requirement: Requirement) -> str:
    """The version in the name of the file that a direct reference points to, as a pin; empty if it shows none."""
    return version_in_url(requirement.url or "")[1]


def version_in_url(url: str) -> tuple[str, str]:
    """The package and the pin (``==2.5.1+cu121``) that the address of a wheel or source archive names, or blanks."""
    from urllib.parse import unquote

    from packaging.utils import parse_sdist_filename, parse_wheel_filename

    name = unquote(url.partition("#")[0].partition("?")[0]).rpartition("/")[2]
    try:
        if name.endswith(".whl"):
            package, version, _, _ = parse_wheel_filename(name)
        else:
            package, version = parse_sdist_filename(name)
    except ValueError:
        return "", ""
    return str(package), f"=={version}"
