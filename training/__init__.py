"""Training: PPO, model-based policy gradient, rollouts, checkpoints, evaluation."""
