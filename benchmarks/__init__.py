"""Measurements of mlsec-lint beside the tools that a user would pick instead."""
