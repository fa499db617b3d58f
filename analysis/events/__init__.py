"""Activity around events: rates of neurons and activations of units before and after what happened."""
