"""Flows across functions: symbolic summaries of bodies, and their composition over the call graph."""
