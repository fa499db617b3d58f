"""Variables of behaviour that are recorded in every frame."""

import numpy as np

from rodent.experiment.series import Series
from rodent.intervention.behaviour import behaviour
from rodent.physics.engine import PhysicsState
from rodent.synthesis.stance import stance_clips

DT = 0.02


def test_series_are_the_variables_of_behaviour_up_to_the_failure(body):
    clips = list(stance_clips(body, frames=40, n=2))
    series, model = Series(("speed", "phase/foot_L"), body, DT), body.model
    sizes = (model.nq, model.nv, model.na, (len(body.tracked_ids), 3), model.nsensordata, model.nu)
    for frame in range(40):
        physics = PhysicsState(*(np.zeros((2, *np.atleast_1d(size)), np.float32) for size in sizes))
        physics.qpos[:] = [clip.qpos[frame] for clip in clips]
        physics.qvel[:] = [clip.qvel[frame] for clip in clips]
        series.add(physics)
    found = series.values(np.array([40, 30]))
    assert list(found) == ["series:speed", "series:phase/foot_L"]
    for name, values in found.items():
        assert values.shape == (2, 40) and np.isnan(values[1, 30:]).all()
        for i, n in enumerate((40, 30)):
            qpos, qvel = (getattr(clips[i], x)[:n].astype(np.float32) for x in ("qpos", "qvel"))
            expected = behaviour(body, qpos, qvel, DT)[name.removeprefix("series:")]
            np.testing.assert_allclose(values[i, :n], expected, atol=1e-4)
    assert np.isfinite(found["series:speed"][0]).all()


def test_without_names_nothing_is_kept(body):
    assert Series((), body, DT).values(np.array([3])) == {}
