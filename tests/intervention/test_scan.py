"""Interventions in a scan on the device engine, which is one compiled program."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.intervention import Preparation, Sites, gait_phase, parsed, planned
from rodent.loop import Actor, ClosedLoop, Loop, initial_states, scan
from rodent.physics.device import DeviceEngine, Mjx
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Normalizer
from rodent.tasks.settings import ImitationConfig
from tests.bodies import hopper
from tests.policies import TINY
from tests.training.test_device import small_clips

N, STEPS = 64, 5


@pytest.fixture(scope="module")
def rolled():
    """A function of interventions by environment: controls of all steps, and the last report."""
    body = hopper()
    task, agent = ImitationConfig().build(body, small_clips(body)), IntentionAgent(TINY, body.model.nu)
    states = jax.vmap(task.initial_state, (0, None))(jnp.zeros(1, int), jax.random.PRNGKey(0))
    observation = jax.vmap(task.observe)(states, jax.vmap(task.initial_physics)(states))
    params = agent.init(jax.random.PRNGKey(0), observation)
    one = jax.tree.map(lambda values: values[0], observation)
    normalizer = Normalizer(jax.tree.map(jnp.zeros_like, one), jax.tree.map(jnp.ones_like, one))
    engine = DeviceEngine(
        body.model, N, task.timestep, Mjx("jax"), bodies=body.tracked_ids, root=body.root_id
    )
    prepared = Preparation(Sites.of(agent, task), params, task.timestep)

    @jax.jit
    def run(plan):
        state, physics = initial_states(agent, task, jnp.zeros(N, int), jax.random.PRNGKey(0))
        state = dataclasses.replace(state, plan=None if plan is None else plan.begin())
        actor = Actor(params, normalizer, plan)
        closed = ClosedLoop(Loop(agent), task, actor, engine)
        carried = (state, engine.begin(physics))
        (state, _), step = scan(closed, carried, lambda task, decision: decision.ctrl, STEPS)
        return step.kept, state.plan and state.plan.report

    def rolled(given):
        if given is None:
            return run(None)
        rows = [[parsed(text) for text in given.get(i, ())] for i in range(N)]
        return run(planned(rows, prepared, task))

    return rolled


def test_windows_of_phase_on_the_device(rolled, monkeypatch):
    monkeypatch.setattr(gait_phase, "WALKING", -1.0)
    monkeypatch.setattr(gait_phase, "_UNKNOWN", 0.0)
    foot = hopper().roles.feet[0]
    window = f"clamp action[1] to 0.25 while phase/{foot} = {{}} +- 0.25"
    halves = [window.format(centre) for centre in (0.25, 0.75)]
    plain, _ = rolled({9: [f"{text} from frame {STEPS}" for text in halves]})
    changed, report = rolled({9: halves})
    others = np.arange(N) != 9
    np.testing.assert_array_equal(changed[:, others], plain[:, others])
    assert np.asarray(report.active)[9].sum() == np.asarray(report.changed)[9].sum() == STEPS


def test_one_program_changes_one_environment(rolled):
    texts = ["clamp action[1] to 0.25 from frame {}", "noise latent/sample by {} time 60 ms"]
    acting = [text.format(number) for text, number in zip(texts, (2, 0.5), strict=True)]
    idle = [text.format(number) for text, number in zip(texts, (STEPS, 0), strict=True)]
    plain, none = rolled({9: idle, 33: idle})
    changed, report = rolled({9: acting, 33: acting})
    others = np.setdiff1d(np.arange(N), (9, 33))
    np.testing.assert_array_equal(changed[:, others], plain[:, others])
    np.testing.assert_array_equal(changed[:, 9], changed[:, 33])
    assert (changed[:, 9] != plain[:, 9]).any()
    np.testing.assert_array_equal(report.changed[9], [STEPS - 2, STEPS * TINY.latent])
    assert np.asarray(report.changed)[others].sum() == np.asarray(none.changed).sum() == 0
    # the program without interventions is another one, which rounds the last bit differently
    np.testing.assert_allclose(rolled(None)[0][0], plain[0], atol=1e-7)
