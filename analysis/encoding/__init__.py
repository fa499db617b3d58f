"""Encoding models: how well features of behavior, or units of a network, predict spikes."""
