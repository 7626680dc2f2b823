"""Values, and the evaluation of lowered bodies: the one place where an argument's value is decided."""
