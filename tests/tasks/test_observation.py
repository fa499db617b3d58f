"""The parts of an observation: named, with sizes and units, and the same numbers as the observation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.parts import USUAL_SENSES
from rodent.sensing.proprioception import Observed
from rodent.synthesis.stance import stance_clips
from rodent.tasks.observation import observation_of, part_names, require_same
from rodent.tasks.settings import ImitationConfig
from rodent.tasks.task import Part, Task


@pytest.fixture(scope="module")
def task(body):
    return ImitationConfig().build(body, stance_clips(body, frames=10))


@pytest.fixture(scope="module")
def seen(task):
    """The observation at the third frame, and its parts."""
    state = task.initial_state(jnp.int32(3), jax.random.PRNGKey(0))
    physics = task.initial_physics(state)
    return task.observe(state, physics), task.observation_parts(state, physics)


def test_parts_make_up_the_observation(task, seen):
    observation, parts = seen
    assert parts.keys() == observation.keys()
    for group, values in observation.items():
        each = [one.values for one in parts[group].values()]
        if group == "reference":  # frame by frame in the observation
            each = [values.reshape(task.config.horizon, -1) for values in each]
        np.testing.assert_array_equal(np.concatenate(each, -1).reshape(-1), values, err_msg=group)


def test_parts_are_described_without_being_computed(task, seen, body):
    described = observation_of(task)
    assert tuple(part.name for part in described["proprioception"]) == USUAL_SENSES
    assert described["proprioception"][0] == Part("joint_angles", body.model.nq - 7, "rad")
    assert described["reference"][1] == Part("positions", 5 * 3 * len(body.tracked_ids), "m")
    sizes = {group: sum(part.size for part in parts) for group, parts in described.items()}
    assert sizes == {group: len(values) for group, values in seen[0].items()}


def test_fewer_senses_are_a_smaller_observation(body):
    few = ImitationConfig(senses=("gravity", "touch")).build(body, stance_clips(body, frames=10))
    parts = observation_of(few)["proprioception"]
    assert [part.name for part in parts] == ["gravity", "touch"]
    state = few.initial_state(jnp.int32(3), jax.random.PRNGKey(0))
    observed = few.observe(state, few.initial_physics(state))["proprioception"]
    assert observed.shape == (3 + len(body.touch_rows),)


def test_channels_have_the_names_of_the_parts(seen):
    channels = part_names(seen[1])
    others = ["reference/orientation", "reference/positions", "reference/joints"]
    assert list(channels) == [*USUAL_SENSES, *others]
    assert (channels["touch"].unit, channels["reference/joints"].unit) == ("1", "rad")
    twice = {
        "proprioception": {"goal": Observed(jnp.ones(1), "m")},
        "goal": {"goal": Observed(jnp.ones(1), "")},
    }
    with pytest.raises(InputError, match="two parts of the observation are called 'goal'"):
        part_names(twice)


def test_a_task_that_names_no_parts_has_one_part_per_group(body):
    class Still(Task[None]):
        def observe(self, state, physics):
            return {"command": jnp.zeros(2)}

    parts = Still(body, 0.02).observation_parts(None, None)
    assert parts["command"]["command"].unit == ""
    assert list(part_names(parts)) == ["command"]


@pytest.mark.parametrize(
    ("present", "message"),
    [
        (
            (Part("touch", 6, "1"), Part("odour", 3, "1")),
            "of proprioception, part 'touch' had size 4 and has size 6 here",
        ),
        ((Part("touch", 4, "1"),), "part 'odour' had size 3 and has size 0 here"),
        ((Part("odour", 3, "1"), Part("touch", 4, "1")), "parts stand in another order"),
    ],
)
def test_another_observation_than_that_of_training_is_refused(present, message):
    trained = {"proprioception": (Part("touch", 4, "1"), Part("odour", 3, "1"))}
    require_same(trained, trained, "policy")
    require_same({}, {"proprioception": present}, "policy")
    with pytest.raises(InputError, match=message):
        require_same(trained, {"proprioception": present}, "policy")
