"""The virtual rat: its body, motion, physics, tasks, policy, recordings and pictures."""
