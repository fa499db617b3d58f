"""What the rat is asked to do: observations, rewards and failures as pure functions of arrays."""
