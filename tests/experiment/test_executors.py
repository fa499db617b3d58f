"""Executors: chosen by name or file, refused where they cannot run, and the same bytes everywhere."""

import importlib.util
import os
import shutil
import stat
import sys
from functools import partial

import pytest

from rodent.cli import main
from rodent.errors import InputError
from rodent.experiment import LocalExecutor, read_executor, run_shards
from tests.stand_in import ROOT, contents, dying, expected, new_shards, work

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="the extra ray is not installed"
)
needs_submitit = pytest.mark.skipif(
    importlib.util.find_spec("submitit") is None, reason="the extra slurm is not installed"
)


@pytest.fixture
def file(tmp_path):
    def of(text):
        (tmp_path / "cluster.toml").write_text(text)
        return str(tmp_path / "cluster.toml")

    return of


def test_an_executor_is_chosen_by_name_or_file(file):
    assert read_executor("local") == LocalExecutor()
    assert read_executor(file('name = "local"\nthreads = 3')) == LocalExecutor(threads=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threads = 3", "lacks the name of the executor; expected one of local, ray, slurm"),
        ('name = "locla"', r"unknown executor 'locla' in .*; did you mean 'local'"),
        ('name = "local"\nthread = 3', r"unknown field 'local.thread' .*did you mean 'local.threads'"),
        ('name = "local', "is not TOML"),
    ],
)
def test_wrong_files_of_executors_are_refused(file, text, message):
    with pytest.raises(InputError, match=message):
        read_executor(file(text))


def test_what_is_missing_is_named(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    if importlib.util.find_spec("submitit"):
        with pytest.raises(InputError, match="there is no sbatch on this machine; run on a login node"):
            read_executor("slurm")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name, package in (("ray", "ray"), ("slurm", "submitit")):
        with pytest.raises(InputError, match=rf"needs {package}: pip install 'virtual-rodent\[{name}\]'"):
            read_executor(name)
    words = ["experiment", "run", "lesions.toml", "--out", str(tmp_path / "new"), "--executor"]
    assert main([*words, "grid"]) == 2
    assert "Parquet, which needs pyarrow: pip install" in capfd.readouterr().err
    monkeypatch.undo()
    assert main([*words, "grid"]) == 2
    assert "unknown executor 'grid'. There are: local (built in)" in capfd.readouterr().err


@needs_ray
@pytest.mark.filterwarnings("ignore")
def test_ray_does_shards_of_killed_workers_again(tmp_path):
    from rodent.experiment.on_ray import RayExecutor

    shards = new_shards(tmp_path / "ray", 8)
    own = partial(dying, deaths=str(tmp_path), dies=(1, 6))
    run_shards(shards, own, RayExecutor(cpus=2, threads=1))
    assert (tmp_path / "died-1").exists() and (tmp_path / "died-6").exists()
    assert contents(shards) == expected(tmp_path / "local", 8)


PROGRAMS = {
    # runs every task of an array at once, in the background, as the nodes of a cluster would
    "sbatch": """
import re, subprocess
script = open(sys.argv[-1]).read()
open(FOLDER + "/submitted", "a").write("1")
job = str(77 + os.path.getsize(FOLDER + "/submitted"))
array = re.search("--array=0-([0-9]+)", script)
for task in range(1 + int(array[1])) if array else [None]:
    shared = {"SLURM_NTASKS": "1", "SLURM_NNODES": "1", "SLURM_JOB_NODELIST": "here", "SLURM_NODEID": "0"}
    own = {"SLURM_JOB_ID": job}
    if task is not None:
        own = {"SLURM_JOB_ID": f"{job}{task}", "SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": str(task)}
    places = {"SLURM_LOCALID": "0", "SLURM_PROCID": "0"}
    environment = os.environ | shared | own | places
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen(["bash", sys.argv[-1]], env=environment, start_new_session=True, **quiet)
print("Submitted batch job", job)
""",
    "srun": """
import subprocess
name = os.environ["SLURM_JOB_ID"]
if "SLURM_ARRAY_TASK_ID" in os.environ:
    name = os.environ["SLURM_ARRAY_JOB_ID"] + "_" + os.environ["SLURM_ARRAY_TASK_ID"]
with open(f"{FOLDER}/{name}.log", "w") as log:
    done = subprocess.run(sys.argv[sys.argv.index(sys.executable):], stdout=log, stderr=log)
state = "FAILED" if done.returncode else "COMPLETED"
open(FOLDER + "/states", "a").write(f"{name}|{state}|here\\n")
""",
    "sacct": """
print("JobID|State|NodeList")
if os.path.exists(FOLDER + "/states"):
    print(open(FOLDER + "/states").read())
""",
    "scancel": "",
}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Programs with the names of those of SLURM, which run jobs on this machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    head = f"#!{sys.executable}\nimport os, sys\nFOLDER = {str(tmp_path)!r}\n"
    for name, text in PROGRAMS.items():
        (folder / name).write_text(head + text)
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # jobs find the stand-in
    return folder


@needs_submitit
@pytest.mark.filterwarnings("ignore")
def test_slurm_does_shards_of_killed_jobs_again(cluster, tmp_path, monkeypatch):
    from rodent.experiment import on_slurm

    monkeypatch.setattr(on_slurm, "_LOOK", 0.2)
    shards = new_shards(tmp_path / "slurm", 7)
    own = partial(dying, deaths=str(tmp_path), dies=(3,))
    run_shards(shards, own, on_slurm.SlurmExecutor(shards_per_job=3, partition="cpu"))
    assert (tmp_path / "died-3").exists()
    assert contents(shards) == expected(tmp_path / "local", 7)
    script = next((shards.folder / "slurm").glob("*.sh")).read_text()
    assert "--partition=cpu" in script and "--cpus-per-task=4" in script


def test_local_is_the_same(tmp_path):
    shards = new_shards(tmp_path / "one", 3)
    run_shards(shards, work, LocalExecutor())
    assert contents(shards) == expected(tmp_path / "two", 3)
