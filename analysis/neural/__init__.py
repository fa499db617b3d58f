"""Spikes in: what was recorded of a real rat's neurons, on the clock of the virtual one."""
