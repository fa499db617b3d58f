import dataclasses

import numpy as np
import pytest

from analysis.twin.body_plan import part_of, places
from analysis.twin.session import Stream, require_alike
from rodent.errors import InputError
from rodent.scene import Scene
from tests.analysis.twin.conftest import behavior


def test_every_joint_and_actuator_of_the_rat_belongs_to_a_body_part(body: Scene):
    names = (*body.joint_names, *body.actuator_names)
    parts = {part_of(name, "elsewhere") for name in names}
    assert parts == {"trunk", "head", "tail"} | {
        f"{limb}limb_{side}" for limb in ("fore", "hind") for side in "LR"
    }
    assert part_of("shoulder_sup_R", "") == "forelimb_R" and part_of("toe_L", "") == "hindlimb_L"


def test_what_is_no_part_of_the_rat_is_a_part_of_its_own():
    assert Stream.named("cursor", np.zeros((2, 2))).parts == ("cursor", "cursor")
    found = places(("head", "cursor", "pupil"))
    assert len({tuple(one) for one in found.tolist()}) == 3


def test_columns_of_all_streams_stand_side_by_side():
    session = behavior(0)
    more = dataclasses.replace(
        session, streams=(*session.streams, Stream.named("speed", np.ones((session.n_bins, 1)), ("speed",)))
    )
    assert more.columns.shape == (session.n_bins, 5) and more.layout[-1] == ("speed", "speed", "trunk")


def test_other_rates_and_streams_are_refused():
    first, second = behavior(0), behavior(1)
    require_alike([first, second])
    with pytest.raises(InputError, match=r"bins of 0.02 s.*--bin-seconds"):
        require_alike([first, dataclasses.replace(second, bin_seconds=0.02)])
    other = dataclasses.replace(second.streams[0], name="forces")
    with pytest.raises(InputError, match=r"has streams forces, session day of rat 0 has joints"):
        require_alike([first, dataclasses.replace(second, streams=(other,))])
    fewer = Stream.named("joints", second.streams[0].values[:, :3], second.streams[0].columns[:3])
    with pytest.raises(InputError, match=r"3 columns where session day of rat 0 has 4"):
        require_alike([first, dataclasses.replace(second, streams=(fewer,))])
    with pytest.raises(InputError, match=r"given twice"):
        require_alike([first, first])


def test_damaged_sessions_are_refused():
    session = behavior(0)
    with pytest.raises(InputError, match=r"numbers of bins differ: joints 1400, spikes 3"):
        session.with_counts(np.zeros((3, 1)))
    values = session.streams[0].values.copy()
    values[7, 1] = np.nan
    holes = (dataclasses.replace(session.streams[0], values=values),)
    with pytest.raises(InputError, match=r"stream 'joints' is not finite in bin 7"):
        dataclasses.replace(session, streams=holes)
    unused = session.piece.copy()
    unused[7] = -1
    assert np.isfinite(dataclasses.replace(session, streams=holes, piece=unused).columns[8:]).all()
