"""Judging what the evaluation reported: which calls are defects, how bad, and how sure."""
