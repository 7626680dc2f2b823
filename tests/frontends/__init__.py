"""Tests of what a user types and reads."""
