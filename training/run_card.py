"""What a run's card says, config.json, and how old cards are read."""

from rodent.configs import Card, Format


def from_3(card: Card) -> Card:
    """Version 3 did not name the kinds of body, task and network: there was one of each, the usual one."""
    return card


RUN = Format("run", "virtual-rodent/run", 4, {3: from_3})
