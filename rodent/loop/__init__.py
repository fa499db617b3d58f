"""The closed loop of task, agent and engine: one step, and what drives it.

    closed = ClosedLoop(Loop(agent, restart="terminated"), task, actor, engine)
    state, physics = first(agent, task, start, key)
    for carried, step in iterate(closed, (state, engine.begin(physics)), keep):     # on the host
        step.outcome.terms
    carried, steps = scan(closed, carried, keep, length)                            # inside jit

Training, evaluation, recording and the live view consume what these yield. A step is `decide` (restart,
observe, act), the engine's step, and `evaluate_transition` (reward, termination); the first and the last are
pure functions of batches, the engine is the only thing that differs between host, device and dynamics model.
"""

from rodent.loop.drivers import ClosedLoop, Step, decided, evaluated, first, iterate, scan
from rodent.loop.state import Actor, LoopState, StartSampler
from rodent.loop.step import Decision, Exploration, Loop, Outcome, decide, evaluate_transition

__all__ = [
    "Actor",
    "ClosedLoop",
    "Decision",
    "Exploration",
    "Loop",
    "LoopState",
    "Outcome",
    "StartSampler",
    "Step",
    "decide",
    "decided",
    "evaluate_transition",
    "evaluated",
    "first",
    "iterate",
    "scan",
]
