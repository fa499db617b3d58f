"""What clips are called that are made of others: who knows one of them knows something of all."""

import re

_MIRRORED = "_mirrored"
_DERIVED = re.compile(rf"(?<=.)(?:{_MIRRORED}|_varied_\d+)+$")


def mirrored_name(name: str) -> str:
    """What the mirror image of a clip is called.

    >>> mirrored_name("Walk_280"), mirrored_name("Walk_280_mirrored")
    ('Walk_280_mirrored', 'Walk_280')
    """
    original = name.removesuffix(_MIRRORED)
    return original if original not in ("", name) else name + _MIRRORED


def varied_name(name: str, number: int) -> str:
    """What a variant of a clip is called.

    >>> varied_name("Walk_280", 2)
    'Walk_280_varied_2'
    """
    return f"{name}_varied_{number}"


def original_name(name: str) -> str:
    """The name that a clip, its mirror image and their variants have in common.

    >>> [original_name(f"Walk_280{more}") for more in ("", "_mirrored", "_mirrored_varied_2")]
    ['Walk_280', 'Walk_280', 'Walk_280']
    """
    return _DERIVED.sub("", name)
