"""A progress bar for people who wait at a terminal, and nothing for anybody else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TextIO

FEWEST_FILES: Final = 200
"""Files from which on a bar is shown; fewer are done before anybody has read it."""


@contextmanager
def progress_on(stream: TextIO, *, wanted: bool) -> Generator[Callable[[int, int], None] | None, None, None]:
    """What to call with (files just done, files in all) during a run; none if nobody would see it.

    The bar is made on the first call of a run that is large enough, since rich is slow to import, and is wiped at the
    end, so that a report on the same terminal starts on a clean line.
    """
    if not wanted or not stream.isatty():
        yield None
        return
    bar = _Bar(stream)
    try:
        yield bar.advance
    finally:
        bar.close()


class _Bar:
    """A bar of rich that exists only once it is needed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._advance: Callable[[int], None] | None = None
        self._stop: Callable[[], None] | None = None

    def advance(self, files: int, total: int) -> None:
        """Note that more files are done."""
        if total <= FEWEST_FILES:
            return
        if self._advance is None:
            self._open(total)
        if self._advance is not None:
            self._advance(files)

    def close(self) -> None:
        """Wipe the bar, if there is one."""
        if self._stop is not None:
            self._stop()

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("Scanning"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
        progress = Progress(*columns, console=Console(file=self._stream), transient=True)
        task = progress.add_task("", total=total)
        progress.start()
        self._advance = lambda files: progress.advance(task, files)
        self._stop = progress.stop
