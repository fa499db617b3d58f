"""Shards in jobs of SLURM, submitted by submitit; needs the extra `slurm`."""

import dataclasses
import importlib.util
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rodent.errors import InputError, check_setting, one_line
from rodent.experiment.drive import Finished, Task, tried

_LOOK = 2.0  # seconds between two looks at the jobs


@dataclasses.dataclass(frozen=True)
class SlurmExecutor:
    """An array of jobs of SLURM. All nodes must see the folder of the experiment under the same path."""

    partition: str | None = None
    """Partition; None for the default one of the cluster."""
    account: str | None = None
    """Account that is charged; None for the default one."""
    threads: int = 4
    """CPUs of a job."""
    memory_gb: float = 4.0
    """Memory of a job, GB."""
    minutes: int = 240
    """Time limit of a job."""
    jobs: int = 50
    """Most jobs at the same time."""
    shards_per_job: int = 20
    """Shards that a job does, one after the other."""
    setup: tuple[str, ...] = ()
    """Lines of shell that a job runs first, such as `module load python`."""

    def __post_init__(self) -> None:
        for name in ("threads", "minutes", "jobs", "shards_per_job"):
            check_setting("executor slurm", name, getattr(self, name) >= 1, getattr(self, name), "at least 1")
        if importlib.util.find_spec("submitit") is None:
            raise InputError("executor slurm needs submitit: pip install 'virtual-rodent[slurm]'")
        if shutil.which("sbatch") is None:
            raise InputError(
                "executor slurm needs SLURM, and there is no sbatch on this machine; run on a login node of "
                "a cluster, or use --executor local"
            )

    def run(self, task: Task, numbers: Sequence[int], folder: Path) -> Iterator[Finished | None]:
        """See `Executor`; jobs that are not done are cancelled when the driver ends."""
        import submitit

        # an array has jobs alike in length; the last one may be shorter
        parts = [numbers[i : i + self.shards_per_job] for i in range(0, len(numbers), self.shards_per_job)]
        executor = submitit.SlurmExecutor(folder=folder / "slurm")
        executor.update_parameters(**self._parameters())
        with executor.batch():
            jobs = {executor.submit(_in_order, task, part): part for part in parts}
        try:
            while jobs:
                for job in [job for job in jobs if job.done()]:
                    yield from _finished(job, jobs.pop(job))
                yield None
                if jobs:
                    time.sleep(_LOOK)
        finally:
            for job in jobs:
                job.cancel()

    def _parameters(self) -> dict[str, Any]:
        given = {"partition": self.partition, "account": self.account}
        return {
            "job_name": "rodent",
            "cpus_per_task": self.threads,
            "mem": f"{self.memory_gb:g}GB",
            "time": self.minutes,
            "array_parallelism": self.jobs,
            "setup": list(self.setup),
            **{name: value for name, value in given.items() if value is not None},
        }


def _in_order(task: Task, numbers: Sequence[int]) -> list[Finished]:
    return [tried(task, number) for number in numbers]


def _finished(job: Any, numbers: Sequence[int]) -> list[Finished]:
    """What a job did; all of its shards count as failed if it was killed, those that are done are there."""
    from submitit.core.utils import FailedJobError, UncompletedJobError

    try:
        return job.result()
    except (UncompletedJobError, FailedJobError) as error:
        reason = f"job {job.job_id}: {one_line(error)[:300]}"
        return [Finished(number, None, reason) for number in numbers]
