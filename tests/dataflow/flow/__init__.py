"""Tests of the flow analysis: one test file per subject."""
