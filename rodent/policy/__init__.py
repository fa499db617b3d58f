"""The network that moves the rat: its layers, its file, and the probes that record it."""
