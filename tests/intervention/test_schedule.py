"""When interventions are active."""

import jax.numpy as jnp
import numpy as np

from rodent.intervention import parsed
from rodent.intervention.schedule import Schedule, Times

STEP = 0.02
SPEED = np.array([0.0, 0.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0])


def _active_at(values, text):
    """Steps in which an intervention is active, while its signal has these values."""
    one = parsed(text)
    schedule = Schedule.of([[Times.of(one, STEP, [one.condition.signal])]])
    state, found = schedule.begin(), []
    for frame, value in enumerate(values):
        state, active = schedule.step(state, jnp.full(1, frame), jnp.full((1, 1), value))
        found.append(bool(active[0, 0]))
    return np.flatnonzero(found).tolist()


def _active(*clauses):
    """Steps in which each intervention is active, while the speed is SPEED."""
    interventions = [parsed(f"gain a by 2 {clause}") for clause in clauses]
    signals = sorted({one.condition.signal for one in interventions if one.condition is not None})
    schedule = Schedule.of([[Times.of(one, STEP, signals)] for one in interventions])
    state, found = schedule.begin(), []
    for frame, speed in enumerate(SPEED):
        values = jnp.full((len(clauses), len(signals)), speed)
        state, active = schedule.step(state, jnp.full(len(clauses), frame), values)
        found.append(np.asarray(active)[:, 0])
    return [np.flatnonzero(one).tolist() for one in np.array(found).T]


def test_windows_and_pulses():
    always, window, pulses = _active(
        "", "from 60 ms until frame 6", "from frame 2 until frame 12 pulses 40 ms every 0.1 s"
    )
    assert always == list(range(16))
    assert window == [3, 4, 5]
    assert pulses == [2, 3, 7, 8]


def test_a_trigger_begins_when_its_condition_becomes_true():
    once, late, patient, held, below, window = _active(
        "when speed > 0.3 for 1 frame",
        "when speed > 0.3 after 1 frame for 2 frames",
        "when speed > 0.3 for 1 frame refractory 5 frames",
        "while speed > 0.3",
        "while speed < 0.3 until frame 5",
        "when speed > 0.3 for 1 frame from frame 6",
    )
    assert once == [2, 5, 11]
    assert late == [3, 4, 6, 7, 12, 13]
    assert patient == [2, 11]
    assert held == [2, 3, 5, 6, 7, 11]
    assert below == [0, 1, 4]
    # the condition is already true when the window begins
    assert window == [6, 11]


def test_without_a_duration_a_trigger_lasts_to_the_end():
    assert _active("when speed > 0.3 until frame 14") == [list(range(2, 14))]


def test_windows_of_a_phase_go_around():
    phases = np.array([np.nan, 0.88, 0.97, 0.02, 0.11, 0.5, 0.85, 0.96])
    text = "gain a by 2 while phase/foot_L = {} +- 0.1"
    near, same, entered = (
        _active_at(phases, one)
        for one in (text.format(0), text.format(1), text.format(0).replace("while", "when") + " for 1 frame")
    )
    assert near == same == [2, 3, 7]
    assert entered == [2, 7]
    assert _active_at(phases, "gain a by 2 while phase/foot_L > 0.5") == [1, 2, 6, 7]
    assert _active_at(SPEED, "gain a by 2 while speed = 0.4 +- 0.2") == [2, 3, 5, 6, 7, 11]
