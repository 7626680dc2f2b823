"""Judging what was reported."""
