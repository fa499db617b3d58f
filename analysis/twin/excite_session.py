"""Exciting movements of the neurons of a session: what the search needs, from files.

search, neurons = open_search(arguments, twins, "rat-position", ExciteSettings())
search.excite(neurons.index("neuron_3"))
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.session import SessionArguments, open_sessions
from analysis.timeline import Timeline
from analysis.twin.excite import RealMovements, Search
from analysis.twin.files import load_readouts, load_twin
from analysis.twin.kinematic import PoseStreams
from analysis.twin.performing import Performer
from analysis.twin.rates import RateModel
from analysis.twin.reading import sessions_of, streams_of
from analysis.twin.session import TwinSession
from analysis.twin.settings import ExciteSettings
from rodent.errors import InputError, unknown
from rodent.policy.policy import load_policy
from rodent.recording.body import recorded_body

_EVERY = 5  # of a movement: real movements begin so many times in its length
REFERENCE = "reference"


def open_search(
    arguments: SessionArguments,
    twins: Sequence[tuple[Path, Path]],
    policy: str,
    settings: ExciteSettings,
) -> tuple[Search, tuple[str, ...]]:
    """The search on a session.

    Args:
        arguments: recording and spikes, whose movements are the real ones.
        twins: folders of twins, and files of readouts for the neurons of the session.
        policy: that performs movements, a folder or a built-in one.
        settings: of the search.

    Returns:
        the search, and names of the neurons.

    Raises:
        InputError: twins differ in streams, bins or neurons, streams do not follow from poses, the policy
            does not imitate clips or is for another body, or no uninterrupted movement is long enough.
    """
    loaded = [(load_twin(folder), load_readouts(path)) for folder, path in twins]
    models = [RateModel.of(twin, readouts) for twin, readouts in loaded]
    first, readouts = loaded[0]
    for (twin, other), (folder, path) in zip(loaded, twins, strict=True):
        if twin.layout_ != first.layout_ or other.neurons != readouts.neurons:
            raise InputError(
                f"{folder} and {path} have other streams or neurons than {twins[0][0]} and {twins[0][1]}; "
                "give twins with the same streams, and readouts of the same session"
            )
    with open_sessions(arguments) as opened:
        if len(opened) > 1:
            raise InputError(f"readouts are of one session, and {len(opened)} are given; give one")
        (one,) = opened
        (session,) = sessions_of(opened, (readouts.animal,), streams_of(first))
        fps, scene = one.recording.fps, recorded_body(one.recording)
        streams = PoseStreams.of(first.layout_, first.bin_seconds_, fps, scene)
        real = real_movements(session, poses_of(one.timeline), streams.frames, settings.seconds)
    frames = real.poses.shape[1]
    performer = Performer(
        load_policy(policy), streams.names, streams.bin_seconds, frames, fps, settings.batch
    )
    if performer.scene.joint_names != scene.joint_names or performer.scene.scale != scene.scale:
        raise InputError(
            f"policy {policy} is for another body than {arguments.recording}; take one for its body"
        )
    return Search(models, streams, performer, real, settings), readouts.neurons


def poses_of(timeline: Timeline) -> np.ndarray:
    """Poses of every frame that can be played as a reference, shape (frames, 74).

    They are those of the animal where the recording has them, and of the body otherwise.
    """
    has = all(rollout.has(REFERENCE) for rollout in timeline.rollouts)
    return np.concatenate([rollout[REFERENCE if has else "qpos"] for rollout in timeline.rollouts])


def real_movements(session: TwinSession, poses: np.ndarray, frames: int, seconds: float) -> RealMovements:
    """Movements of one length, within uninterrupted pieces.

    Args:
        session: streams of behavior.
        poses: of every frame, shape (at least bins × frames of a bin, 74).
        frames: of a bin.
        seconds: length of a movement.

    Raises:
        InputError: no piece is as long.
    """
    bins = round(seconds / session.bin_seconds)
    begins = np.arange(0, session.n_bins - bins + 1, max(1, bins // _EVERY))
    piece = session.piece
    begins = begins[(piece[begins] >= 0) & (piece[begins] == piece[begins + bins - 1])]
    if not len(begins):
        raise InputError(
            f"session {session.name} has no uninterrupted movement of {seconds:g} s; give fewer --seconds"
        )
    at = begins[:, None] + np.arange(bins)
    of_frames = begins[:, None] * frames + np.arange(bins * frames)
    return RealMovements(poses[of_frames], session.columns[at])


def chosen_neurons(neurons: Sequence[str], named: Sequence[str]) -> list[int]:
    """Indices of the named neurons; of all if none is named.

    Raises:
        InputError: there is no such neuron.
    """
    if strange := [name for name in named if name not in neurons]:
        raise unknown("neuron", strange[0], neurons)
    return [neurons.index(name) for name in named] if named else list(range(len(neurons)))
