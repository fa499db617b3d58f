"""How the rat learns: PPO, collection, checkpoints, evaluation."""
