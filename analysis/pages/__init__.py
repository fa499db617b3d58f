"""Results to look at: figures, and pages that hold them."""
