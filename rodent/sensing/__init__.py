"""What a body senses of itself: named parts of an observation."""
