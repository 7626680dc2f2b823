"""Lock files in TOML (uv, Poetry, PDM, ``pylock.toml``), read by lines.

They are written by tools, one key to a line, and often a megabyte long: reading three keys by lines takes a tenth of
the parser's time and gives line numbers as well.
"""

from __future__ import annotations

import re
from typing import Final

from mlsec_lint.source.manifests.names import Scope
from mlsec_lint.source.manifests.statements import Collector

_LINE: Final = re.compile(
    r"^(?:\[\[(?P<array>[^\]\n]*)\]\]|\[[^\[\]\n]*\]|(?P<key>name|version)[ ]*=[ ]*[\"'](?P<value>[^\"'\n]*)[\"'])",
    re.MULTILINE,
)
_ALIEN: Final = re.compile(r"^(?![\s#\]}\"']|\[|[\w.\"'-]+[ ]*=).+", re.MULTILINE)
"""A line that no lock file has at its margin: the marks of an unfinished merge, or another format."""


def read_toml_lock(text: str, out: Collector) -> None:
    """Take name and version of each ``[[package]]`` (``[[packages]]`` in ``pylock.toml``).

    A package that occurs in several versions, one per platform, is stated once for each.
    """
    alien = _ALIEN.search(text)
    if alien is not None:
        line = text.count("\n", 0, alien.start()) + 1
        out.problem("is not part of a lock file in TOML; what else could be read was used", line)
    number, position = 1, 0
    name, line, inside = "", 1, False
    for match in _LINE.finditer(text):
        if match["key"] is None:
            inside = match["array"] in ("package", "packages")
            name = ""
        elif inside:
            number += text.count("\n", position, match.start())
            position = match.start()
            if match["key"] == "name":
                name, line = match["value"], number
            elif name:
                out.claim(name, (f"=={match['value']}",), line, f"{name}=={match['value']}", Scope.LOCK)
                name = ""
