"""What every table of the data files has in common."""

from __future__ import annotations

from msgspec import Struct


class Strict(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True, omit_defaults=True):
    """Base of all tables: frozen, keyword only, no unknown keys."""
