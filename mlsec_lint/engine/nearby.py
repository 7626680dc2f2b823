"""The manifests around a path: a file depends on what its project states, also where only the file is scanned."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator


def folders_up_to(folder: str, root: str) -> Iterator[str]:
    """``folder`` and those above it as far as ``root`` (absolute paths); none if it does not lie there."""
    prefix = root.rstrip(os.sep) + os.sep
    while folder == root or folder.startswith(prefix):
        yield folder
        if folder == root:
            return
        folder = os.path.dirname(folder)


def manifests_in(folder: str, is_manifest: Callable[[str], bool]) -> Iterator[tuple[str, int]]:
    """The manifests (path, size in bytes) in ``folder``, and in the folders in it that are made for them.

    ``requirements/`` is such a folder: there, any text file is a manifest. No link is followed, and what cannot be read
    is left out, since nobody asked for it by name.
    """
    for entry in _entries(folder):
        try:
            if entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                if is_manifest(os.path.join(entry.path, "any.txt")):
                    yield from _files(entry.path, is_manifest)
            elif entry.is_file(follow_symlinks=False) and is_manifest(entry.path):
                yield entry.path, entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue


def _files(folder: str, is_manifest: Callable[[str], bool]) -> Iterator[tuple[str, int]]:
    for entry in _entries(folder):
        if entry.is_file(follow_symlinks=False) and is_manifest(entry.path):
            yield entry.path, entry.stat(follow_symlinks=False).st_size


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
