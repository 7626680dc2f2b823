"""What a run is made of: which files, which rules, which settings, and the order of the work."""
