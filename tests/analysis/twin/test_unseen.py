import dataclasses

import numpy as np
import pytest

from analysis.twin.results import scores_to_json, unseen_section
from analysis.twin.twin import Twin
from analysis.twin.unseen import UnseenSplit, require_held_out, score_unseen
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL, behavior
from tests.analysis.twin.test_twin import FEW

WITHOUT_REAR = dataclasses.replace(SMALL, core="linear", steps=30, hold_out="Rear")


@pytest.fixture(scope="module")
def without_rear(sessions) -> Twin:
    """A twin of two animals, fitted without their rears."""
    return Twin(WITHOUT_REAR).fit(sessions[:2])


def test_what_is_held_out_leaves_no_trace(without_rear, sessions):
    changed = []
    for one in sessions[:2]:
        counts, rears = one.counts.copy(), one.behavior == "Rear"
        counts[rears] = 7
        streams = [dataclasses.replace(stream, values=stream.values.copy()) for stream in one.streams]
        streams[0].values[rears] += 5.0
        changed.append(dataclasses.replace(one, counts=counts, streams=tuple(streams)))
    assert Twin(WITHOUT_REAR).fit(changed).digest == without_rear.digest


def test_bins_are_fitted_scored_or_unseen(without_rear, sessions):
    split = UnseenSplit.of(without_rear, sessions[2], 0.4, 0.2)
    shown = sessions[2].behavior[split.rows]
    assert (shown[split.fitted] == "Walk").all() and (shown[split.scored] == "Walk").all()
    assert (shown[split.unseen] == "Rear").all()
    assert split.fitted.max() < split.scored.min()
    assert len(split.fitted) == round(0.4 * 60 / 0.05) and len(split.scored) == round(0.2 * 60 / 0.05)
    # four rears of 5 s, without a lag of 0.1 s at either end
    assert len(split.unseen) == 4 * (100 - 4)


def test_models_are_scored_in_and_out_of_what_they_were_fitted_to(without_rear, sessions):
    twins = {"linear core": without_rear}
    found = score_unseen(twins, sessions[2:], 0.4, FEW, test_minutes=0.2)
    assert list(found.models) == ["GLM", "linear core"]
    assert found.seconds == {"day of rat 2": pytest.approx(19.2)}
    core = found.models["linear core"]
    assert core.share == core.unseen.median / core.known.median
    assert core.neurons["day of rat 2"].shape == (2, 6)
    # the same noise under another name
    assert found.distance == pytest.approx(1.0, abs=0.2)
    page = scores_to_json([], found)
    assert page["unseen"]["models"]["GLM"]["share"] == found.models["GLM"].share
    assert [row[0] for row in unseen_section(found).parts[0].rows] == ["GLM", "linear core"]


def test_a_behavior_that_moves_more_is_far_away(without_rear, sessions):
    (one,) = sessions[2:]
    rears = (one.behavior == "Rear")[:, None]
    streams = tuple(
        dataclasses.replace(stream, values=np.where(rears, 2.0, 1.0) * stream.values)
        for stream in one.streams
    )
    larger = dataclasses.replace(one, streams=streams)
    found = score_unseen({"linear core": without_rear}, [larger], 0.4, FEW, test_minutes=0.2)
    assert found.distance == pytest.approx(2.0, abs=0.3)


def test_a_behavior_that_was_fitted_is_refused(twin, without_rear, sessions):
    require_held_out(without_rear, "Rear")
    require_held_out(twin, None)
    with pytest.raises(InputError, match=r"--hold-out is Walk, and the core was fitted without Rear"):
        require_held_out(without_rear, "Walk")
    with pytest.raises(InputError, match=r"fitted to every behavior"):
        score_unseen({"mlp core": twin}, sessions[2:], 0.4, FEW, test_minutes=0.2)
    with pytest.raises(InputError, match=r"without Rear; 0.5 to fit to and 0.4 to score need more"):
        UnseenSplit.of(without_rear, sessions[2], 0.5, 0.4)


def test_a_session_without_the_behavior_is_refused():
    with pytest.raises(InputError, match=r"no bins with and without behavior 'Turn'; it has Rear, Walk"):
        behavior(0).without("Turn")
    with pytest.raises(InputError, match=r"it has no labels of behavior"):
        dataclasses.replace(behavior(0), behavior=None).only("Rear")
