"""Structure: is the geometry of activity across behaviors alike in neurons and in a network's layers?"""
