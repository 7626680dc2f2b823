"""Files as the checks see them: scanned bytes, outlines, lowered bodies, concrete syntax, manifests."""
