"""Structure: is the geometry of activity across behaviours alike in neurons and in a network's layers?"""
