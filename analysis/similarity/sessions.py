"""`rodent rsa` in Python: whole sessions from their files to similarities of neurons and layers.

config = RsaConfig(Path("day.h5"), Path("spikes.npz"), layer=("latent/mean",))
with open_sessions(config) as opened:
    found = compare_sessions(config, opened, layers_of(config, opened))
found.everyone.layers[0].similarity
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.neural.epochs import kinds_of_epochs
from analysis.session import OpenSession
from analysis.similarity.conditions import clip_labels, epoch_labels, kinematic_labels, trial_labels
from analysis.similarity.config import RsaConfig
from analysis.similarity.scores import StructureResult, compare_structures
from analysis.similarity.settings import SimilaritySettings
from analysis.similarity.structure import LabeledSession, SessionStructure, describe_groups
from rodent.errors import InputError, naming
from rodent.recording.body import recorded_body
from rodent.recording.controls import is_control
from rodent.recording.trials import KIND

ALL_NEURONS = ""
"""Name of the group of all good neurons; no value of a column is empty."""


@dataclasses.dataclass(frozen=True)
class Found:
    """Results over all sessions.

    Attributes:
        config: options of the comparison.
        bin_seconds: length of a bin of the first session.
        everyone: result of all good neurons.
        groups: result of the neurons with each value of the group column; empty without one.
        dropped: excluded neurons, each with `session`, `name` and `reason`.
        notes: for readers of the results.
    """

    config: RsaConfig
    bin_seconds: float
    everyone: StructureResult
    groups: Mapping[str, StructureResult]
    dropped: tuple[dict[str, str], ...]
    notes: tuple[str, ...]


def compare_sessions(
    config: RsaConfig,
    opened: Sequence[OpenSession],
    layers: tuple[str, ...],
    advance: Callable[[int], None] = lambda n: None,
) -> Found:
    """Compare the good neurons of all sessions with layers.

    Args:
        config: settings, quality criteria and group column.
        opened: the sessions.
        layers: from `layers_of`.
        advance: progress callback; takes the number of finished layers.

    Raises:
        InputError: the group column or table of behavior is unknown, no neuron is good, or too few behaviors
            have enough bins.
    """
    described, notes, dropped = [], [], []
    for session in opened:
        found, left_out, more = _describe(config, session, layers, advance)
        described.append(found)
        dropped += left_out
        notes += [f"{session.recording.path}: {note}" if len(opened) > 1 else note for note in more]
    result = compare_structures([found[ALL_NEURONS] for found in described], config.settings)
    groups, why = _groups(described, config.settings)
    return Found(
        config=config,
        bin_seconds=opened[0].timeline.bin_seconds,
        everyone=result,
        groups=groups,
        dropped=tuple(dropped),
        notes=(*notes, *result.notes, *why),
    )


def layers_of(config: RsaConfig, opened: Sequence[OpenSession]) -> tuple[str, ...]:
    """The chosen layers, or all except controls.

    Raises:
        InputError: a rollout lacks one of them, or there are none.
    """
    recorded = [name for name in opened[0].rollouts[0].layers if not is_control(name)]
    layers = tuple(dict.fromkeys(config.layer or recorded))
    if not layers:
        raise InputError(f"{opened[0].recording.path} has no layers; record it with --record units")
    for session in opened:
        session.require_layers(layers)
    return layers


def _describe(
    config: RsaConfig, session: OpenSession, layers: tuple[str, ...], advance: Callable[[int], None]
) -> tuple[dict[str, SessionStructure | str], list[dict[str, str]], tuple[str, ...]]:
    """The structures of a session by group, the excluded neurons, and notes."""
    labels, label_notes = _labels(session, config.settings)
    good, quality = session.good_neurons(config.quality)
    groups = {ALL_NEURONS: np.ones(len(good.names), bool)}
    if config.group is not None:
        entries = session.groups(config.group, good.names)
        groups |= {name: entries == name for name in np.unique(entries).tolist()}
    name = str(session.arguments.recording)
    labeled = LabeledSession(name, session.timeline, good, labels)
    found = describe_groups(labeled, layers, config.settings, groups, advance)
    if isinstance(everyone := found[ALL_NEURONS], str):
        raise InputError(f"{name}: {everyone}")
    dropped = [{"session": name, "name": k, "reason": v} for k, v in quality.dropped.items()]
    return found, dropped, (*session.notes, *quality.notes, *label_notes)


def _groups(
    described: Sequence[dict[str, SessionStructure | str]], settings: SimilaritySettings
) -> tuple[dict[str, StructureResult], list[str]]:
    """The result of each group over the sessions that have it, and notes about it."""
    results, notes = {}, []
    for group in sorted({name for found in described for name in found} - {ALL_NEURONS}):
        having = [found[group] for found in described if group in found]
        structures = [one for one in having if not isinstance(one, str)]
        if structures:
            results[group] = compare_structures(structures, settings)
            notes.append(
                f"group {group}: {' + '.join(str(one.n_neurons) for one in structures)} neurons"
                + f", in {len(structures)} of {len(described)} sessions" * (len(described) > 1)
            )
        else:
            notes.append(f"group {group} is excluded: {'; '.join(map(str, having))}")
    return results, notes


def _labels(session: OpenSession, settings: SimilaritySettings) -> tuple[np.ndarray, tuple[str, ...]]:
    """Behavior of each bin, from the source in the settings, and notes about it."""
    with naming(session.arguments.recording):
        if settings.conditions == "clip":
            return clip_labels(session.timeline), ()
        if settings.conditions == "trials":
            trials, column = session.recording.trials, settings.epoch_column or KIND
            return trial_labels(session.timeline, session.recording.fps, trials, column), ()
        if settings.conditions == "kinematics":
            body = recorded_body(session.recording)
            return kinematic_labels(session.timeline, session.recording.fps, body), ()
    epochs, notes = kinds_of_epochs(session.session, settings.epoch_table, settings.epoch_column)
    with naming(session.arguments.spikes):
        return epoch_labels(session.timeline, epochs, session.clock), notes
