"""Latent dynamics: what few variables a population's activity consists of, and how these go on in time."""
