"""The evaluation of values, on tiny programs."""
