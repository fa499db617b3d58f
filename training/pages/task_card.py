"""The card of a policy whose task has no clips: its figures beside the bars of the task.

text, curve = task_card("rat-joystick", subject, task, figures, episodes)
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rodent.parts import TASKS
from rodent.rollouts import Episode
from rodent.tasks.task import Task
from training.pages.card import body_facts, learning_curve, markdown_table, title, training_facts
from training.pages.subject import Subject
from training.pages.tables import FIGURES, figure_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def task_card(
    name: str,
    subject: Subject,
    task: Task[Any],
    figures: Sequence[Mapping[str, Any]],
    episodes: Sequence[Episode],
    note: str = "",
) -> "tuple[str, Figure | None]":
    """The card as Markdown, and the learning curve that it shows as learning.svg.

    Args:
        name: of the policy.
        subject: the policy with the log of its run.
        task: that the policy was trained on.
        figures: of the evaluation, see `training.evaluate.task_figures`.
        episodes: that were evaluated.
        note: text below the title.
    """
    kind = TASKS.name_of(type(subject.policy.task))
    facts = [["task", f"`{kind}`, without clips"], *body_facts(subject), *training_facts(subject)]
    seconds = sum(one.frames for one in episodes) * task.timestep / len(episodes)
    played = (
        f"{len(episodes)} episodes of {seconds:.3g} s, played with the mean action "
        f"(`rodent evaluate {name} --episodes {len(episodes)}`)."
    )
    curve, shown = learning_curve(subject, task_courses(task, figures), "reward and figures of the task")
    parts = [*title(name, note), markdown_table(["", ""], facts), "## Figures", played]
    parts += [markdown_table(FIGURES, figure_rows(figures)), *shown]
    return "\n\n".join(parts) + "\n", curve


def task_courses(task: Task[Any], figures: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Columns of a run's log by label: reward, and the figures that have bars, or else the first metric.

    Args:
        task: that was trained on.
        figures: of an evaluation, see `training.evaluate.task_figures`.
    """
    names = [row["figure"] for row in figures if row["bar"] is not None]
    columns = {name: f"task/{name}" for name in names}
    if not columns:
        label = next(iter(task.metrics.values())).label
        columns = {label.replace("_", " "): f"tracking/{label}_all_frames"}
    return {"reward per step": "reward"} | columns
