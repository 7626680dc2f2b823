"""The code that is measured: unpacked packages, given or downloaded as wheels of fixed versions."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

PACKAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "transformers": ("transformers==4.57.1",),
        "ultralytics": ("ultralytics==8.3.200",),
        "bentoml": ("bentoml==1.4.2",),
        "mlflow": ("mlflow==2.14.0",),
        "vllm": ("vllm==0.6.0", "--platform", "manylinux1_x86_64"),
    }
)
"""What is downloaded where no corpus is given, with the options that pip needs to find a wheel for it."""


class CorpusError(Exception):
    """There is nothing to measure; the message says why."""


def open_corpus(given: Path | None, cache: Path, wanted: Collection[str] | None) -> list[Path]:
    """The folders to measure, one per package, by name. Raises ``CorpusError`` if there are none."""
    if given is not None:
        if not given.is_dir():
            raise CorpusError(f"the corpus {given} is not a folder")
        folders = sorted(path for path in given.iterdir() if path.is_dir() and any(path.rglob("*.py")))
    else:
        folders = [_downloaded(name, cache) for name in PACKAGES if wanted is None or name in wanted]
    chosen = [folder.resolve() for folder in folders if wanted is None or folder.name in wanted]
    if not chosen:
        raise CorpusError(f"no package to measure in {given or cache}")
    return chosen


def _downloaded(name: str, cache: Path) -> Path:
    """The Python files and metadata of a wheel, unpacked into the cache on first use."""
    requirement, *options = PACKAGES[name]
    folder = cache / requirement / name
    if folder.is_dir():
        return folder
    wheels = cache / requirement / "wheel"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    print(f"downloading {requirement}", file=sys.stderr)
    done = subprocess.run([*command, *options, "--dest", str(wheels), requirement], check=False)
    found = sorted(wheels.glob("*.whl"))
    if done.returncode or not found:
        raise CorpusError(f"pip could not download {requirement}; give a folder of unpacked packages with --corpus")
    unfinished = folder.with_suffix(".part")
    with zipfile.ZipFile(found[0]) as wheel:
        for member in wheel.namelist():
            if member.endswith(".py") or ".dist-info/" in member:
                wheel.extract(member, unfinished)
    unfinished.rename(folder)
    return folder
