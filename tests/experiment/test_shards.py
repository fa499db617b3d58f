"""The folder is the queue and the truth: kills, several drivers, full disks and failures lose nothing."""

import resource
import signal
import time
from functools import partial

import pytest

from rodent.errors import InputError, WorkError
from rodent.experiment import Finished, LocalExecutor, run_shards
from rodent.experiment.shards import making, require_room_for_shards
from tests.stand_in import contents, driver, expected, new_shards, work


def test_a_driver_that_is_killed_loses_and_doubles_nothing(tmp_path, rng):
    shards, kills = new_shards(tmp_path / "killed", 30), 0
    while shards.missing():
        process = driver(shards, 0.02)
        done = len(shards.missing())
        while process.poll() is None and len(shards.missing()) == done:
            time.sleep(0.01)
        time.sleep(0.1 * rng.random())
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills >= 3
    run_shards(shards, work, LocalExecutor())
    assert contents(shards) == expected(tmp_path / "whole", 30)


def test_what_a_killed_driver_left_of_a_shard_is_removed(tmp_path):
    shards = new_shards(tmp_path / "left", 2)
    (shards.folder / "shards" / ".000001.4711.part.npz").write_bytes(b"PK half")
    run_shards(shards, work, LocalExecutor())
    assert contents(shards) == expected(tmp_path / "whole", 2)


def test_two_drivers_share_the_work(tmp_path):
    shards = new_shards(tmp_path / "both", 24)
    processes = [driver(shards, 0.05) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert contents(shards) == expected(tmp_path / "whole", 24)


def test_a_shard_that_another_process_does_is_left_to_it(tmp_path):
    shards = new_shards(tmp_path, 2)
    process = driver(shards, 1.0)
    while not (shards.folder / "claims").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    assert shards.complete(0, work) == "claimed"
    assert shards.complete(1, work) == "written" and shards.complete(1, work) == "present"
    assert process.wait() == 0


def test_a_folder_that_a_killed_process_was_making_is_made(tmp_path):
    folder = tmp_path / "lesions"
    with making(folder, "card.json"):
        (folder / "shards").mkdir()  # and no card
    for missing in (True, False):
        require_room_for_shards(folder, "an experiment")
        with making(folder, "card.json") as needed:
            assert needed is missing
            (folder / "card.json").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").touch()
    with pytest.raises(InputError, match="mine has other files than those of an experiment"):
        require_room_for_shards(tmp_path / "mine", "an experiment")


def test_a_full_disk_is_named_and_what_is_done_is_kept(tmp_path):
    shards = new_shards(tmp_path / "full", 3)
    assert shards.complete(0, work) == "written"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(WorkError, match=r"disk full while writing .*000001.npz; free some space"):
            run_shards(shards, work, LocalExecutor())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert shards.missing() == [1, 2]
    assert [*shards.failures()] == [1] and "WorkError: disk full" in shards.failures()[1]
    run_shards(shards, work, LocalExecutor())
    assert shards.failures() == {} and contents(shards) == expected(tmp_path / "whole", 3)


class _Failing(LocalExecutor):
    """An executor whose first attempts at some shards fail."""

    def __init__(self, failing, attempts):
        super().__init__()
        object.__setattr__(self, "left", dict.fromkeys(failing, attempts))

    def run(self, task, numbers, folder):
        for number in numbers:
            yield None
            if self.left.get(number, 0):
                self.left[number] -= 1
                yield Finished(number, None, "worker died")
            else:
                yield Finished(number, task(number))


def test_shards_that_fail_are_tried_again_while_others_get_done(tmp_path):
    shards, seen = new_shards(tmp_path, 4), []
    run_shards(shards, work, _Failing([1, 2], 1), seen.append)
    assert shards.missing() == [] and seen[0] == 0 and seen[-1] == 4


def test_shards_that_fail_again_and_again_are_an_error(tmp_path):
    shards = new_shards(tmp_path, 4)
    with pytest.raises(WorkError, match=r"2 of 4 shards failed; shard 1: worker died. Shards that are done"):
        run_shards(shards, work, _Failing([1, 2], 9))
    assert shards.missing() == [1, 2]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    shards = new_shards(tmp_path, 1)
    (tmp_path / "claims").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*claims: Is a directory"):
        run_shards(shards, partial(work, size=1), LocalExecutor())
