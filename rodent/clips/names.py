"""Names of mirror images and variants of clips. They share the name of the original."""

import re

_MIRRORED = "_mirrored"
_DERIVED = re.compile(rf"(?<=.)(?:{_MIRRORED}|_varied_\d+)+$")


def mirrored_name(name: str) -> str:
    """The name of the mirror image of a clip.

    >>> mirrored_name("Walk_280"), mirrored_name("Walk_280_mirrored")
    ('Walk_280_mirrored', 'Walk_280')
    """
    original = name.removesuffix(_MIRRORED)
    return original if original not in ("", name) else name + _MIRRORED


def varied_name(name: str, number: int) -> str:
    """The name of a variant of a clip.

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
