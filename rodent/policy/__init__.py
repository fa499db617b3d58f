"""The policy network: its layers, its file, and probes that record its units."""
