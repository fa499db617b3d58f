"""The closed loop of task, agent and engine: one step, and what drives it.

    loop = Loop(agent, restart="terminated")
    state, engine_state = first(loop, task, engine, start, key)
    for step in iterate(loop, task, actor, engine, state, engine_state, keep):      # on the host
        step.outcome.terms
    carried, steps = scan(loop, task, actor, engine, carried, length, keep)         # inside jit

Training, evaluation, recording and the live view consume what these yield. A step is `decide` (restart,
observe, act), the engine's step, and `evaluate_transition` (reward, termination); the first and the last are
pure functions of batches, the engine is the only thing that differs between host, device and dynamics model.
"""

from rodent.loop.drivers import Step, decided, evaluated, first, iterate, scan
from rodent.loop.state import Actor, LoopState, StartSampler
from rodent.loop.step import Decision, Exploration, Loop, Outcome, decide, evaluate_transition

__all__ = [
    "Actor",
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
