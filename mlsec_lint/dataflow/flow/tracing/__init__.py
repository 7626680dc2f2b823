"""How data gets from its source to a sink, found again by evaluating the bodies on the way once more and watching."""
