"""Which versions of a library the scanned project admits, asked for each scanned file.

The defaults of many loaders changed with a release, so whether a call is safe depends on this answer. It is taken
from what the project has written down; nothing is installed, imported or asked of an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsec_lint.source.manifests.names import normalised

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from mlsec_lint.domain.finding import Problem
    from mlsec_lint.source.manifests.decision import Decision
    from mlsec_lint.source.manifests.statements import Claim, Statement

_MOST_DESCRIBED: Final = 3
_ORDER: Final = (">=", ">", "~=", "==", "===", "<", "<=", "!=")


class Status(Enum):
    """How many of the admitted versions lie in a range. ``UNSTATED``: the project does not narrow the versions."""

    ALL = "all"
    NONE = "none"
    SOME = "some"
    UNSTATED = "unstated"


class VersionFacts:
    """What the manifests of a project say, by folder and package. Paths are relative to the root, with ``/``.

    For a file, the nearest folder upwards whose manifests narrow the package's versions answers. A requirement
    without a version narrows nothing, so the search goes on above it.
    """

    __slots__ = ("_claims", "_decisions", "problems")

    def __init__(self, claims: Mapping[tuple[str, str], tuple[Claim, ...]], problems: tuple[Problem, ...] = ()) -> None:
        self._claims = claims
        self._decisions: dict[tuple[str, str], Decision | None] = {}
        self.problems: tuple[Problem, ...] = problems

    def admitted(self, package: str, path: str) -> Statement | None:
        """The statement that decides for a file, the first of several; ``None`` if the package is not mentioned.

        If the package is required everywhere without a version, the nearest such statement, with an empty specifier.
        """
        deciding = self.statements(package, path)
        return deciding[0] if deciding else None

    def statements(self, package: str, path: str) -> tuple[Statement, ...]:
        """All statements that decide together for a file, in the order of their places."""
        decision = self._decision(package, path)
        if decision is not None:
            return decision.statements
        for key in self._keys(package, path):
            bare = [claim.statement for claim in self._claims[key] if not len(claim.statement.specifier)]
            if bare:
                return (min(bare, key=lambda each: (each.path, each.line)),)
        return ()

    def status(self, package: str, specifier: SpecifierSet, path: str) -> Status:
        """How many of the versions that a file may run with lie in ``specifier``, which is read as plain order.

        Plain order: 2.6.0rc1 is in ``<2.6``, so that ``<2.6`` and ``>=2.6`` divide all versions between them.
        """
        from mlsec_lint.source.manifests.intervals import intersection, spans_of

        decision = self._decision(package, path)
        if decision is None:
            return Status.UNSTATED
        common = intersection(decision.spans, spans_of(specifier, ordered=True))
        if not common:
            return Status.NONE
        return Status.ALL if common == decision.spans else Status.SOME

    def describe(self, package: str, path: str) -> str:
        """What is known, as a clause: "requirements.txt:3 pins torch==2.5.1", "torch's version is not stated"."""
        deciding = self.statements(package, path)
        if not deciding:
            return f"{normalised(package)}'s version is not stated"
        clauses = [_clause(statement) for statement in deciding[:_MOST_DESCRIBED]]
        if len(deciding) > _MOST_DESCRIBED:
            clauses.append(f"{len(deciding) - _MOST_DESCRIBED} more")
        return clauses[0] if len(clauses) == 1 else f"{', '.join(clauses[:-1])} and {clauses[-1]}"

    def _decision(self, package: str, path: str) -> Decision | None:
        from mlsec_lint.source.manifests.decision import decide

        for key in self._keys(package, path):
            if key not in self._decisions:
                self._decisions[key] = decide(self._claims[key])
            decision = self._decisions[key]
            if decision is not None:
                return decision
        return None

    def _keys(self, package: str, path: str) -> Iterator[tuple[str, str]]:
        """The folders above a file that mention the package, nearest first, as keys of the claims."""
        name, folder = normalised(package), path
        while folder:
            folder = folder.rpartition("/")[0]
            if (folder, name) in self._claims:
                yield folder, name


def read_versions(root: Path, manifests: Iterable[Path], conda_names: Mapping[str, str] | None = None) -> VersionFacts:
    """Read the manifests that discovery found (see ``is_manifest``), each once, and the files they include.

    Paths begin with ``root`` or are relative to it. ``conda_names`` maps conda's names of packages to those of the
    package index (see ``read_conda_names``). What cannot be read becomes a problem of the result, never an error.
    """
    from mlsec_lint.source.manifests.files import ManifestFiles, relative_paths

    files = ManifestFiles(root, conda_names or {})
    claims: dict[tuple[str, str], dict[Claim, None]] = {}
    for path in relative_paths(root, manifests):
        for folder, claim in files.claims(path):
            claims.setdefault((folder, claim.statement.package), {})[claim] = None
    return VersionFacts({key: tuple(found) for key, found in claims.items()}, files.problems())


def _clause(statement: Statement) -> str:
    place = f"{statement.path}:{statement.line}"
    if not len(statement.specifier):
        return f"{place} requires {statement.package} without a version"
    verb = "locks" if statement.locked else "pins" if statement.pinned is not None else "admits"
    return f"{place} {verb} {statement.package}{_spelt(statement.specifier)}"


def _spelt(specifier: SpecifierSet) -> str:
    """A specifier with its lower ends first, as people write it."""
    parts = sorted(specifier, key=lambda part: (_ORDER.index(part.operator), part.version))
    return ",".join(map(str, parts))
