"""Pages about policies and runs: evaluations, reports, and the card of an exported policy."""
