"""mlsec-lint finds security defects in machine-learning code without importing or running it."""

from __future__ import annotations

__version__ = "0.1.0"
