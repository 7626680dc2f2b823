"""What the engine says of one program of a pair, and whether that is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlsec_lint.domain.finding import Finding
from mlsec_lint.engine.config import Config, Overrides, load_config
from mlsec_lint.engine.run import Request, run
from tests.dataflow.pairs import Program, SinkLine

UNTRUSTED = frozenset(
    ("argv", "database", "environment", "hub", "message", "model", "network", "request", "stdin", "store")
)
"""Origins that only a followed flow gives: neither of the program's own, nor a guess, nor whatever a caller passes."""


def mistakes(program: Program, folder: Path) -> list[str]:
    """Sentences on what is wrong with the report about a program, which is written to the empty ``folder``."""
    for name, text in program.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    result = run(Request((folder,), _config(folder))).result
    below = folder.resolve()
    found = {
        (_relative(Path(result.root) / finding.location.path, below), finding.location.line): finding.flow.origin
        for finding in result.findings
        if _flows(finding) and finding.flow is not None
    }
    return [*map(str, result.problems), *_wrong(program, found)]


def _wrong(program: Program, found: dict[tuple[str, int], str]) -> Iterator[str]:
    for sink in program.sinks:
        origin = found.get((sink.path, sink.line))
        if program.part == "flow" and origin is None:
            yield f"{_place(program, sink)}: no flow was found"
        if program.part == "cut" and origin is not None:
            yield f'{_place(program, sink)}: a flow from "{origin}" was reported'


def _place(program: Program, sink: SinkLine) -> str:
    return f"{program.construct}.pairs:{sink.origin} ({sink.path}:{sink.line})"


def _flows(finding: Finding) -> bool:
    return finding.flow is not None and finding.flow.origin in UNTRUSTED


def _relative(path: Path, folder: Path) -> str:
    return path.resolve().relative_to(folder).as_posix()


def _config(folder: Path) -> Config:
    return load_config(folder, config_file=None, isolated=True, overrides=Overrides())
