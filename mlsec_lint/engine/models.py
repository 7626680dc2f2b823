"""The user's own model files: which files the globs of a configuration mean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def expand_models(globs: Iterable[str], base: Path, *, confined: bool) -> tuple[Path, ...]:
    """The files that ``globs`` name, relative to ``base``, each once and in a fixed order.

    ``confined`` keeps them inside ``base``: a configuration file comes with the repository and must not make a scan
    read elsewhere. Raises ``ValueError`` with a sentence for a glob that leads outside, repeats ``**`` or has no match.
    """
    found: dict[Path, None] = {}
    for glob in globs:
        pattern = Path(glob)
        if confined and (pattern.is_absolute() or ".." in pattern.parts):
            raise ValueError(f'"{glob}" leads out of the folder of this file; models must lie inside it')
        if pattern.parts.count("**") > 1:
            raise ValueError(f'"{glob}" repeats `**`; use it once')
        files = [path for path in _matches(pattern, base) if path.is_file()]
        if not files:
            raise ValueError(f'"{glob}" names no file in {base}')
        for path in files:
            if confined and not path.resolve().is_relative_to(base.resolve()):
                raise ValueError(f'"{glob}" leads out of the folder of this file through a symbolic link')
            found[path] = None
    return tuple(found)


def _matches(pattern: Path, base: Path) -> list[Path]:
    """The paths that ``pattern`` stands for; without wildcards it stands for itself."""
    if not any(character in str(pattern) for character in "*?["):
        return [base / pattern]
    if pattern.is_absolute():
        raise ValueError(f'"{pattern}" is an absolute path with wildcards; write it relative')
    return sorted(base.glob(str(pattern)))
