"""The files that the examples of `--help` and the pages of the docs name, as small as they can be."""

import dataclasses
import itertools
import shutil
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet

from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from analysis.session import SessionArguments, open_sessions
from analysis.twin.adaptation import adapt
from analysis.twin.files import save_readouts, save_twin
from analysis.twin.reading import sessions_of
from analysis.twin.settings import AdaptSettings, TwinSettings
from analysis.twin.twin import Twin
from rodent.clips import ClipSet, write_clips
from rodent.experiment import Inputs, create_experiment, read_experiment
from rodent.kinematics.skeleton import Skeleton
from rodent.policy.catalogue import entry_text
from rodent.policy.policy import Policy, save_policy
from rodent.policy.policy_set import Member, PolicySet, write_policy_set
from rodent.record_config import RecordConfig
from rodent.recording.channels import GROUND_FORCE
from rodent.registration import read_markers
from rodent.rollouts import record
from rodent.scene import Scene
from rodent.study import new_study
from rodent.synthesis.stance import stance_clips
from rodent.tasks.goal_settings import JoystickConfig
from tests.analysis.neural.files import Workshop
from tests.analysis.twin.rats import write_rat
from tests.docs.reader import write_public_clips
from tests.policies import untrained_on_task, untrained_policy
from training.config import TrainConfig
from training.runs import begin_run

FRAMES = 300
NAMES = ("Walk_280", "Rear_93")  # two of the public set


def write_files(body: Scene, folder: Path) -> None:
    """Write clips, a run, recordings, spikes, keypoints, a path and an experiment into the folder."""
    clips = _named(stance_clips(body, frames=FRAMES, n=2), NAMES)
    _write_motion(body, clips, folder)
    policy = untrained_policy(body)
    _write_run(policy, clips, folder)
    _write_recordings(body, policy, clips, folder)
    _write_spikes(folder)
    _write_experiment(folder)
    _write_twin(body, folder)
    _write_population(body, folder)
    save_policy(policy, folder / "rat-walk")
    (folder / "policies.toml").write_text(entry_text(folder / "rat-walk", "file:rat-walk", "", ""))
    new_study(folder / "rearing")


def _named(clips: ClipSet, names: tuple[str, ...]) -> ClipSet:
    renamed = (dataclasses.replace(clip, name=name) for clip, name in zip(clips, names, strict=True))
    return dataclasses.replace(clips, clips=tuple(renamed))


def _write_motion(body: Scene, clips: ClipSet, folder: Path) -> None:
    for name in ("clips", "monday"):
        write_clips(clips, folder / f"{name}.h5")
    write_clips(_named(stance_clips(body, frames=20, n=1), ("tuesday",)), folder / "tuesday.h5")
    np.save(folder / "poses.npy", clips[0].qpos[:40])
    write_public_clips(body, folder)
    rows = [f"{t:.2f},{0.15 * t:.4f},0" for t in np.arange(0, 2, 0.04)]
    (folder / "animal.csv").write_text("\n".join(["time,x,y", *rows]))
    markers = read_markers("rat23")
    points = Skeleton(body, markers.bodies).positions(clips[0].qpos[:60], markers.offsets * clips.scale)
    np.savez(folder / "keypoints.npz", points=1000 * points, fps=50.0, names=np.array(markers.names))


def _write_experiment(folder: Path) -> None:
    """A specification, and the folder of an experiment before its first shard, with simulated outcomes."""
    (folder / "lesions.toml").write_text(
        'policies = ["runs/walk"]\nclips = "clips.h5"\nframes = 10\n\n'
        '[[arm]]\nname = "decoder"\nacts = ["silence decoder/layer_0[{dose}%] to mean"]\ndoses = [20]\n'
    )
    config = read_experiment(folder / "lesions.toml")
    create_experiment(folder / "lesions", config, Inputs.of(config))
    table = simulate_outcomes({"decoder": {20.0: -5.0}}, OutcomeModel(control_draws=0))
    pyarrow.parquet.write_table(pyarrow.table(dict(table.columns)), folder / "lesions" / "outcomes.parquet")


def _write_population(body: Scene, folder: Path) -> None:
    """A specification whose members take seconds, and a population of three."""
    (folder / "walks.toml").write_text(
        'clips = "clips.h5"\nmembers = 1\nsteps = 32\n\n[criterion]\ncopies = 1\n\n'
        "[settings.ppo]\nnum_envs = 8\nminibatches = 2\nunroll = 4\n\n"
        "[settings.network]\nlatent = 4\nencoder = [8]\ndecoder = [8]\nvalue = [8]\n\n"
        '[[vary]]\nsetting = "ppo.latent_kl"\nlow = 1e-5\nhigh = 1e-2\n'
    )
    (folder / "walks" / "policies").mkdir(parents=True)
    write_clips(stance_clips(body, frames=60, n=1), folder / "walks" / "clips.h5")
    members = []
    for number in range(3):
        policy, name = untrained_policy(body, seed=number), f"{number:04d}"
        save_policy(policy, folder / "walks" / "policies" / name)
        values, figures = {"ppo.latent_kl": 1e-4 * number}, {"success_rate": 1.0}
        members.append(Member(name, f"policies/{name}", policy.digest(), values, figures, True))
    write_policy_set(PolicySet("walks", "tracks the clips", tuple(members)), folder / "walks")


def _write_twin(body: Scene, folder: Path) -> None:
    """Recordings and spikes of five rats, and a twin of two of them."""
    names = ("rat1", "rat2", "rat7", "rat8", "rat9")
    pairs = [write_rat(body, folder, name, seed, neurons=8) for seed, name in enumerate(names)]
    config = SessionArguments(*pairs[0], session=(pairs[1],))
    with open_sessions(config) as opened:
        sessions = sessions_of(opened, (), ())
    settings = TwinSettings(core="linear", channels=2, steps=1, chunks=1)
    twin = Twin(settings).fit(sessions)
    save_twin(twin, folder / "twin", {"source": "simulated"})
    with open_sessions(SessionArguments(*pairs[-1])) as opened:
        (session,) = sessions_of(opened, (), ())
    readouts = adapt(twin, session, AdaptSettings(strengths=(1.0,), components=2))
    save_readouts(readouts, folder / "rat9.safetensors")
    rows = [
        f"{pre},{post},{int(i % 3 == 0)}"
        for i, (pre, post) in enumerate(itertools.permutations(readouts.neurons, 2))
    ]
    (folder / "pairs.csv").write_text("\n".join(["pre,post,synapses", *rows]) + "\n")


def _write_run(policy: Policy, clips: ClipSet, folder: Path) -> None:
    (folder / "runs").mkdir()
    split = {"train": list(clips.names), "test": []}
    run = begin_run(folder / "runs" / "walk", TrainConfig(), folder / "clips.h5", split)
    save_policy(policy, run.folder / "policy")


def _write_recordings(body: Scene, policy: Policy, clips: ClipSet, folder: Path) -> None:
    record(policy, clips, folder / "walk.h5")
    with h5py.File(folder / "walk.h5", "r+") as file:
        for rollout in file["rollouts"].values():
            # it hops, so that its paws come down
            rollout["qpos"][:, 2] += 0.02 * (np.arange(FRAMES) % 30 < 15)
            del rollout[GROUND_FORCE]  # which are computed from these states
    shutil.copy(folder / "walk.h5", folder / "session-recording.h5")
    bouts = zip(stance_clips(body, frames=50, n=12), ("Walk", "Rear", "RGroom") * 4, strict=True)
    day = tuple(dataclasses.replace(clip, behavior=behavior) for clip, behavior in bouts)
    record(policy, dataclasses.replace(clips, clips=day), folder / "day.h5")
    (folder / "course").mkdir()
    for steps in (0, 100_000):
        shutil.copy(folder / "day.h5", folder / "course" / f"{steps:010d}.h5")
    task = untrained_on_task(body, JoystickConfig(every=0.2, settle=0.1, seconds=0.4))
    record(task, None, folder / "joystick.h5", RecordConfig(content="states", episodes=2))


def _write_spikes(folder: Path) -> None:
    counts = np.random.default_rng(0).poisson(0.2, (2 * FRAMES, 3))
    np.savez(folder / "spikes.npz", counts=counts, bin_seconds=0.02)
    Workshop(folder).tetrodes()
    columns = {"region": ["M1", "DLS"] * 4, "quality": ["good", "good", "mua", "good"] * 2}

    def describe(nwb: object) -> None:
        for name, values in columns.items():
            nwb.add_unit_column(name, name, data=values)

    Workshop(folder).nwb(describe, units=8)
