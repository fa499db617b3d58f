"""Policies whose modules an experiment swaps in: their names in the acts, and their copies in its folder.

names = donor_names(config.arm)              # one for each swap of each dose and draw, in order
without_names("swap decoder with runs/a")    # "swap decoder with donor": the same wherever the policy lies
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rodent.experiment.spec import ArmConfig, is_swap, renamed_donor
from rodent.experiment.treatments import filled_acts
from rodent.files import atomic_path
from rodent.intervention import Alignment, AlignmentKey, Alignments, Swap
from rodent.npz import read_npz
from rodent.policy.policy import Policy, load_policy, save_policy


def without_names(act: str) -> str:
    """The text of an act without the name of another policy."""
    return renamed_donor(act, lambda name: "donor")


def donor_names(arms: Sequence[ArmConfig]) -> list[str]:
    """Names of the policies of all swaps, one for each swap, site, dose and draw, in their order.

    Raises:
        InputError: a swap is not understood.
    """
    return [one.policy for one in _swaps(arms)]


def align_swaps(arms: Sequence[ArmConfig]) -> list[Swap]:
    """Swaps that need a map, as of `donor_names`."""
    return [one for one in _swaps(arms) if one.align != "none"]


def _swaps(arms: Sequence[ArmConfig]) -> list[Swap]:
    acts = [one for arm in arms for one in filled_acts(arm, is_swap)]
    return [one for one in acts if isinstance(one, Swap)]


def write_donors(folder: Path, arms: Sequence[ArmConfig], donors: Mapping[str, Policy]) -> None:
    """Copy the policies of swaps to the folder of an experiment."""
    for i, name in enumerate(dict.fromkeys(donor_names(arms))):
        save_policy(donors[name], folder / "donors" / str(i))


def read_donors(folder: Path, arms: Sequence[ArmConfig]) -> dict[str, Policy]:
    """The policies of swaps from the folder of an experiment, by their names in the acts.

    Raises:
        InputError: one is missing or damaged.
    """
    names = dict.fromkeys(donor_names(arms))
    return {name: load_policy(folder / "donors" / str(i)) for i, name in enumerate(names)}


def write_alignments(path: Path, alignments: Mapping[str, Alignments]) -> None:
    """Write the maps that were fitted between a policy and its donors."""
    maps = [(name, key, found) for name, one in alignments.items() for key, found in one.maps.items()]
    arrays: dict[str, np.ndarray] = {"name": np.array([name for name, *_ in maps], np.str_)}
    for field in AlignmentKey._fields:
        arrays[field] = np.array([getattr(key, field) for _, key, _ in maps])
    for i, (_, _, found) in enumerate(maps):
        arrays |= {f"{part}:{i}": value for part, value in found._asdict().items()}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_alignments(path: Path) -> dict[str, Alignments]:
    """The maps between a policy and its donors, by their names; none if there is no file.

    Raises:
        InputError: the file is damaged.
    """
    if not path.exists():
        return {}
    arrays, _ = read_npz(path, lambda name: True)
    maps: dict[str, dict[AlignmentKey, Alignment]] = {}
    for i, name in enumerate(arrays["name"]):
        key = AlignmentKey(*(arrays[field][i].item() for field in AlignmentKey._fields))
        found = Alignment(*(arrays[f"{part}:{i}"] for part in Alignment._fields))
        maps.setdefault(str(name), {})[key] = found
    return {name: Alignments(maps=one) for name, one in maps.items()}
