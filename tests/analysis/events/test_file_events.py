import numpy as np
import pytest
from pynwb import TimeSeries
from pynwb.behavior import BehavioralEvents
from pynwb.epoch import TimeIntervals
from pynwb.event import EventsTable
from pynwb.misc import AnnotationSeries

from analysis.events.file_events import are_times, file_events, interval_events
from analysis.neural.read import read_session

STARTS = np.arange(0, 60, 10.0)


def add_trials(nwb):
    for name in (
        "cue_time",
        "reaction_time",
        "contrast",
        "kind",
        "side",
        "other",
        "correct",
        "block",
        "number",
    ):
        nwb.add_trial_column(name, name)
    nwb.add_trial_column("lick_times", "licks", index=True)
    for i, start in enumerate(STARTS):
        nwb.add_trial(
            start_time=start,
            stop_time=start + 4,
            cue_time=start + 1.5 if i else np.nan,
            reaction_time=0.25,
            contrast=0.5,
            kind="go" if i % 2 else "nogo",
            side="left" if i < 3 else "right",
            other="left" if i < 2 else "none",
            correct=bool(i % 3),
            block=i // 3,
            number=i,
            lick_times=[start + 2, start + 2.5] if i % 2 else [],
        )


def add_moments(nwb):
    table = EventsTable(name="rewards", description="drops")
    table.add_column(name="size", description="kind of reward")
    for i in range(4):
        table.add_row(timestamp=float(i), size="large" if i % 2 else "small")
    nwb.add_acquisition(table)
    notes = AnnotationSeries(name="notes", data=["noise", "light", "noise"], timestamps=[1.0, 2.0, 3.0])
    nwb.add_acquisition(notes)
    licks = TimeSeries(name="licks", data=np.ones(3), unit="n", timestamps=[0.5, 1.5, 2.5])
    nwb.create_processing_module(name="behavior", description="b").add(BehavioralEvents(time_series=licks))
    laps = TimeIntervals(name="laps", description="touch one another")
    for start in range(5):
        laps.add_interval(start_time=float(start), stop_time=start + 1.0)
    nwb.add_time_intervals(laps)
    nwb.add_invalid_time_interval(start_time=50.0, stop_time=51.0)


def test_trials_of_an_nwb_file(workshop):
    found = file_events(read_session(workshop.nwb(add_trials)))
    np.testing.assert_array_equal(found["trials/start"], STARTS)
    np.testing.assert_array_equal(found["trials/stop"], STARTS + 4)
    # a time that was not there is none
    np.testing.assert_array_equal(found["trials/cue_time"], STARTS[1:] + 1.5)
    np.testing.assert_array_equal(found["trials/lick_times"][:2], [12.0, 12.5])
    np.testing.assert_array_equal(found["trials/go/start"], STARTS[1::2])
    np.testing.assert_array_equal(found["trials/nogo/stop"], STARTS[::2] + 4)
    # two columns use the word
    np.testing.assert_array_equal(found["trials/side=left/start"], STARTS[:3])
    np.testing.assert_array_equal(found["trials/other=left/start"], STARTS[:2])
    np.testing.assert_array_equal(found["trials/right/start"], STARTS[3:])
    np.testing.assert_array_equal(found["trials/correct=true/start"], STARTS[np.arange(6) % 3 > 0])
    np.testing.assert_array_equal(found["trials/block=1/start"], STARTS[3:])
    # durations, contrasts and numbers of trials are no times and no kinds
    assert not any("reaction" in name or "contrast" in name or "number" in name for name in found)


@pytest.mark.filterwarnings("ignore:.* is deprecated. Use an EventsTable")  # files have them all the same
def test_moments_of_an_nwb_file(workshop):
    found = file_events(read_session(workshop.nwb(add_moments)))
    np.testing.assert_array_equal(found["rewards"], np.arange(4.0))
    np.testing.assert_array_equal(found["rewards/large"], [1.0, 3.0])
    np.testing.assert_array_equal(found["notes"], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(found["notes/noise"], [1.0, 3.0])
    np.testing.assert_array_equal(found["licks"], [0.5, 1.5, 2.5])
    # intervals that touch have each a beginning of their own
    np.testing.assert_array_equal(found["laps/start"], np.arange(5.0))
    assert not any("invalid" in name for name in found)


def test_behaviors_of_a_session_of_aldarondo(workshop):
    found = file_events(read_session(workshop.session()))
    assert set(found) >= {"Walk/start", "Walk/stop", "LGroom/start"}
    np.testing.assert_allclose(found["Walk/start"], [0.0, 45.0])
    np.testing.assert_allclose(found["Walk/stop"], [20.0, 60.0])


def test_a_file_without_epochs_has_no_events(workshop):
    path = workshop.npz(counts=np.ones((100, 2), int), bin_seconds=0.1)
    assert file_events(read_session(path)) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (STARTS + 2, True),
        (STARTS - 0.5, True),  # a cue shortly before
        (np.full(6, 2.0), False),  # a duration
        (STARTS.astype(int) + 2, False),
        (np.array([2.0, np.nan, np.nan, np.nan, np.nan, 52.0]), False),  # too few to tell
    ],
)
def test_what_is_taken_for_times(values, expected):
    assert are_times(values, STARTS, STARTS + 4) is expected


def test_intervals_without_rows_have_no_events():
    empty = {"start_time": np.zeros(0), "stop_time": np.zeros(0)}
    assert interval_events("trials", empty) == {}
