"""Shards as tasks of Ray, on one machine or a cluster; needs the extra `ray`."""

import dataclasses
import importlib.util
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from rodent.errors import InputError, check_setting, one_line
from rodent.experiment.drive import Finished, Task, tried


@dataclasses.dataclass(frozen=True)
class RayExecutor:
    """A cluster of Ray. All its machines must see the folder of the experiment under the same path."""

    address: str | None = None
    """Address of a cluster, such as `auto`; None to start one on this machine."""
    cpus: int | None = None
    """CPUs of the cluster that is started on this machine; None for all."""
    threads: int = 1
    """CPUs of one shard."""
    retries: int = 3
    """How often a shard whose worker died is done again."""

    def __post_init__(self) -> None:
        check_setting("executor ray", "threads", self.threads >= 1, self.threads, "at least 1")
        check_setting("executor ray", "retries", self.retries >= 0, self.retries, "at least 0")
        if self.address is not None and self.cpus is not None:
            raise InputError("executor ray has address and cpus; cpus is for a cluster that is started here")
        if importlib.util.find_spec("ray") is None:
            raise InputError("executor ray needs ray: pip install 'virtual-rodent[ray]'")

    def run(self, task: Task, numbers: Sequence[int], folder: Path) -> Iterator[Finished]:
        """See `Executor`."""
        import ray
        from ray.exceptions import RayError

        begun = not ray.is_initialized()
        if begun:
            ray.init(
                address=self.address,
                num_cpus=self.cpus,
                include_dashboard=None if self.address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        try:
            remote = ray.remote(num_cpus=self.threads, max_retries=self.retries)(tried)
            waiting = {remote.remote(task, number): number for number in numbers}
            while waiting:
                ready, _ = ray.wait(list(waiting), num_returns=1)
                number = waiting.pop(ready[0])
                try:
                    yield ray.get(ready[0])
                except RayError as error:
                    yield Finished(number, None, f"{type(error).__name__}: {one_line(error)}")
        finally:
            if begun:
                ray.shutdown()
