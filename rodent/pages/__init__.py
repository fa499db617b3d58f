"""Figures, tables and HTML pages of results, and what commands print."""
