"""``METADATA`` of an unpacked wheel: its own version, and what it requires."""

from __future__ import annotations

from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Collector


def read_metadata(text: str, out: Collector) -> None:
    """Take the headers, which end at the first blank line. The package's own version counts as installed."""
    name = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            return
        key, _, value = line.partition(":")
        value = value.strip()
        match key.lower():
            case "name":
                name = value
            case "version" if name:
                out.claim(name, (f"=={value}",), number, f"{name}=={value}", Scope.LOCK)
            case "requires-dist":
                out.requirement(value, number, Scope.MAIN)
            case _:
                pass
