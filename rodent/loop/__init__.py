"""The closed loop of task, agent and engine: one step, and the drivers that run it.

    closed = ClosedLoop(Loop(agent, restart="terminated"), task, actor, engine)
    state, physics = initial_states(agent, task, start, key)
    for carried, step in iterate(closed, (state, engine.begin(physics)), keep):     # on the host
        step.outcome.terms
    carried, steps = scan(closed, carried, keep, length)                            # inside jit

Training, evaluation, recording and the live view use these drivers. A step consists of `decide` (reset,
observe, act), the engine's step, and `evaluate_transition` (reward, termination). `decide` and
`evaluate_transition` are pure functions of batches; only the engine differs between host, device and dynamics
model.
"""

from rodent.loop.drivers import (
    NO_MANIPULATION,
    ClosedLoop,
    Manipulation,
    Step,
    decided,
    evaluated,
    initial_states,
    iterate,
    scan,
)
from rodent.loop.engine import host_engine
from rodent.loop.settings import Exploration, Loop
from rodent.loop.state import Actor, LoopState, StartSampler
from rodent.loop.step import Decision, Outcome, decide, evaluate_transition
from rodent.loop.world import own_fields

__all__ = [
    "NO_MANIPULATION",
    "Actor",
    "ClosedLoop",
    "Decision",
    "Exploration",
    "Loop",
    "LoopState",
    "Manipulation",
    "Outcome",
    "StartSampler",
    "Step",
    "decide",
    "decided",
    "evaluate_transition",
    "evaluated",
    "host_engine",
    "initial_states",
    "iterate",
    "own_fields",
    "scan",
]
