"""Results to look at: figures, pages that hold them, tables, and what commands print."""
