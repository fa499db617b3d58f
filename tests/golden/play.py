"""What the built-in policies do on given clips, as arrays and as digests: frozen, so that a change shows.

    python -m tests.golden.play           # write the digests of this machine, from the code as it stands

Floating-point results to the bit depend on the machine and on the versions of JAX and MuJoCo, so digests
are kept by `environment`; where there is none for it, `after_ten_frames` is compared to a tolerance.
"""

import dataclasses
import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from rodent.clips import ClipSet, read_clips
from rodent.policy.policy import load_policy
from rodent.rollouts import RolloutRunner

HERE = Path(__file__).parent
DIGESTS, TEN_FRAMES = HERE / "digests.json", HERE / "after_ten_frames.npz"
POLICIES = ("rat-lstm", "rat-position", "rat-torque")
# name of a case: policy, clips, whether actions are sampled, what happens on failure
CASES: dict[str, tuple[str, str, bool, str]] = {
    **{f"{policy} on gaits": (policy, "gaits", False, "continue") for policy in POLICIES},
    **{f"{policy} on the nine clips": (policy, "nine", False, "continue") for policy in POLICIES},
    "rat-torque on gaits, sampled, put back": ("rat-torque", "gaits", True, "restart"),
}
STRICT = 0.015
"""Root error beyond which a rat is put back, m: it never reaches the limit that it was trained with."""


def environment() -> str:
    """Everything outside the project that decides the last bits of a rollout."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else [platform.processor()]
    kind = sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    made_of = [f"{name} {version(name)}" for name in ("jax", "jaxlib", "mujoco", "numpy", "flax")]
    cpu = hashlib.sha256("\n".join(kind).encode()).hexdigest()[:12]
    return ", ".join([platform.machine(), f"cpu {cpu}", f"{os.cpu_count()} cores", *made_of])


def clips_of(case: str, data: Path | None) -> ClipSet | None:
    """The clips of a case; None where they are real and there is no folder of data."""
    if CASES[case][1] == "gaits":
        return read_clips("gaits")
    return None if data is None else read_clips(data / "mocap" / "rat_clips_9.npz")


def played(case: str, clips: ClipSet) -> dict[str, np.ndarray]:
    """Poses, controls, tracking errors, failures and reward terms, arrays (frames, clips, …)."""
    name, _, sample, on_failure = CASES[case]
    policy = load_policy(name)
    if on_failure == "restart":
        limits = dataclasses.replace(policy.task.limits, root_position=STRICT)
        policy = dataclasses.replace(policy, task=dataclasses.replace(policy.task, limits=limits))
    n = len(clips)
    runner = RolloutRunner.of(policy, clips, n, sample=sample)
    rows = list(runner.play(policy.params, policy.normalizer, np.arange(n), seed=3, on_failure=on_failure))
    arrays = {
        "qpos": [row.physics.qpos for row in rows],
        "xpos": [row.physics.xpos for row in rows],
        "ctrl": [row.ctrl for row in rows],
        "failed": [row.failed for row in rows],
    }
    arrays |= {f"error/{k}": [row.metrics[k] for row in rows] for k in rows[0].metrics}
    arrays |= {f"reward/{k}": [row.terms[k] for row in rows] for k in rows[0].terms}
    return {name: np.stack(values) for name, values in arrays.items()}


def digest(arrays: dict[str, np.ndarray]) -> str:
    """One hash of all arrays, to the bit."""
    sha = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        sha.update(f"{name} {values.dtype} {values.shape}".encode())
        sha.update(np.ascontiguousarray(values).tobytes())
    return sha.hexdigest()[:16]


def main() -> None:
    """Freeze what the code does here and now."""
    data = os.environ.get("RODENT_DATA")
    found, poses = {}, {}
    for case in CASES:
        clips = clips_of(case, Path(data) if data else None)
        if clips is None:
            raise SystemExit("set RODENT_DATA: digests are written for all cases or none")
        arrays = played(case, clips)
        found[case], poses[case] = digest(arrays), arrays["qpos"][10]
    digests = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    DIGESTS.write_text(json.dumps(digests | {environment(): found}, indent=2) + "\n")
    if not TEN_FRAMES.exists():
        np.savez_compressed(TEN_FRAMES, allow_pickle=False, **poses)


if __name__ == "__main__":
    main()
