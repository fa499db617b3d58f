"""`rodent doctor`: what is found, what mends it, and that nothing makes it crash or hang."""

import json
import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from packaging.requirements import Requirement

from rodent.cli import main
from rodent.doctor import Finding, examine, gpu, installation, licences, machine, storage
from rodent.doctor.trial import Outcome, Trial

FAILED = Outcome(None, "ImportError: no libEGL")
DRAWS = Outcome({"renderer": "llvmpipe"})


def outcome_of(program: str, seconds: float = 30, environment: dict[str, str] | None = None) -> Outcome:
    with Trial(program, environment) as trial:
        return trial.outcome(seconds)


def test_a_trial_gives_its_last_line():
    program = "import os; print('noise'); print('{\"two\": %s}' % os.environ['N'])"
    assert outcome_of(program, environment={"N": "2"}) == Outcome({"two": 2})


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise OSError('no  device')", "OSError: no device"),
        ("import os; os.abort()", "it crashed: signal 6"),
        ("import sys; sys.exit(3)", "exit code 3"),
        ("print('hello')", "unexpected output 'hello'"),
        ("pass", "unexpected output ''"),
        ("import sys; sys.exit('x' * 1000)", "…"),
        ("import sys; sys.stderr.buffer.write(b'\\xff\\n'); sys.exit(1)", "\ufffd"),
    ],
)
def test_a_trial_that_fails_says_why_in_a_line(program, reason):
    outcome = outcome_of(program)
    assert outcome.values is None
    assert outcome.reason == reason
    assert len(outcome.reason) < 200


def test_a_trial_that_hangs_is_ended():
    with Trial("import time; print('{}', flush=True); time.sleep(1000)") as trial:
        assert trial.outcome(0.2) == Outcome(None, "no result within 0.2 s")
    assert trial._process.returncode == -9


def test_a_trial_imports_nothing_from_the_present_folder(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    assert outcome_of("import json; print(json.dumps({}))") == Outcome({})


def test_only_the_backend_that_films_use_is_needed():
    states = [f.state for f in machine.gl_findings({"egl": DRAWS, "osmesa": FAILED}, "egl", "linux")]
    assert states == ["ok", "note"]


@pytest.mark.parametrize(
    ("outcomes", "wanted", "platform", "mend"),
    [
        ({"egl": FAILED, "osmesa": DRAWS, "glfw": FAILED}, "egl", "linux", "export MUJOCO_GL=osmesa"),
        ({"egl": DRAWS, "glfw": FAILED}, "glfw", "linux", "export MUJOCO_GL=egl"),
        ({"egl": FAILED}, "egl", "linux", "sudo apt install libegl1 libopengl0 libgl1-mesa-dri"),
        ({"cgl": DRAWS, "glfw": DRAWS, "egl": FAILED}, "egl", "darwin", "export MUJOCO_GL=cgl"),
    ],
)
def test_a_backend_that_does_not_draw_can_be_mended(outcomes, wanted, platform, mend):
    (fault,) = [f for f in machine.gl_findings(outcomes, wanted, platform) if f.state == "fault"]
    assert (fault.subject, fault.mend) == (f"OpenGL {wanted}", mend)
    assert "no libEGL" in fault.found


def test_the_backend_that_films_use():
    assert machine.chosen_backend({"MUJOCO_GL": "OSMesa "}, "linux") == "osmesa"
    assert machine.chosen_backend({"WAYLAND_DISPLAY": "wayland-0"}, "linux") == "glfw"
    assert machine.chosen_backend({}, "darwin") == "cgl"


def jax_findings(driver: int | None = None, **changed: object) -> list[Finding]:
    values = {"version": "0.10", "platform": "cpu", "devices": ["cpu"], "type": "float32", "error": 3e-7}
    return machine.jax_findings(Outcome(values | changed), driver, "install", "install for GPU")


def test_jax_devices_and_precision():
    assert [f.state for f in jax_findings()] == ["ok", "ok"]
    assert [f.state for f in jax_findings(580, platform="gpu", devices=["H100"])] == ["ok", "ok"]
    (fault,) = machine.jax_findings(FAILED, None, "install", "")
    assert (fault.state, fault.found, fault.mend) == ("fault", FAILED.reason, "install")


def test_a_gpu_that_is_not_used_is_noted():
    device, _ = jax_findings(driver=550)
    assert (device.state, device.mend) == ("note", "install for GPU")
    assert "there is an NVIDIA GPU that it does not use" in device.found


def test_coarse_products_are_noted():
    _, precision = jax_findings(error=4e-4)
    assert (precision.state, precision.mend) == ("note", "export JAX_DEFAULT_MATMUL_PRECISION=highest")


def test_physics():
    assert "8 threads" in machine.physics_finding(Outcome({"threads": 8}), "install").found
    assert machine.physics_finding(FAILED, "install").state == "fault"


def test_requirements_that_are_not_met():
    wanted = [Requirement("numpy>=2"), Requirement("numpy<1"), Requirement("no-such-thing>=3,<4")]
    wrong = installation.amiss(wanted)
    assert wrong == {wanted[1]: np.__version__, wanted[2]: "not installed"}
    command = shlex.split(installation.pip_install(wrong))
    assert command == [sys.executable, "-m", "pip", "install", "numpy<1", "no-such-thing<4,>=3"]


def test_requirements_of_this_project():
    base, neuro = installation.requirements_of(), installation.requirements_of("neuro")
    assert "mujoco" in {r.name for r in base}
    expected = {"himalaya", "ndx-pose", "pynapple", "pynwb", "rsatoolbox", "scikit-learn"}
    assert {r.name for r in neuro} == expected
    command = installation.install_command("neuro")
    assert "himalaya<0.5,>=0.4.11" in shlex.split(command)


def test_packages_that_are_missing(monkeypatch):
    monkeypatch.setattr(
        installation, "amiss", lambda requirements: dict.fromkeys(list(requirements)[:1], "0.1")
    )
    _, needed, *extras = installation.package_findings()
    assert (needed.state, {extra.state for extra in extras}) == ("fault", {"note"})
    assert needed.mend is not None and " -m pip install " in needed.mend


def test_a_project_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(installation, "PROJECT", "no-such-project")
    (fault,) = installation.package_findings()
    assert (fault.state, fault.mend) == ("fault", "make setup")


def test_python_versions():
    assert installation.python_finding("3.12.1", ">=3.11,<3.14").state == "ok"
    fault = installation.python_finding("3.14.0", ">=3.11,<3.14")
    assert (fault.state, fault.mend) == ("fault", "make setup PYTHON=python3.12")


def test_the_gpu_extra_fits_the_driver(tmp_path):
    version = tmp_path / "version"
    assert gpu.nvidia_driver(version, tmp_path) is None
    version.write_text("575.57.08\n")
    assert gpu.nvidia_driver(version, tmp_path / "no-device") is None
    assert gpu.nvidia_driver(version, tmp_path) == 575
    assert [gpu.gpu_extra(driver) for driver in (575, 580, None)] == ["cuda12", "cuda13", "cuda12"]


@pytest.mark.parametrize(
    ("driver", "card", "cuda", "state", "mend"),
    [
        (None, False, (), "ok", None),
        (None, True, (), "note", "install"),
        (470, True, (), "note", "install"),
        (550, True, ("cuda13",), "note", "install for GPU"),
        (550, True, ("cuda12",), "ok", None),
        (580, True, ("cuda13",), "ok", None),
    ],
)
def test_the_gpu_driver(driver, card, cuda, state, mend):
    found = gpu.driver_finding(driver, card, cuda, "install for GPU")
    assert found.state == state
    assert (found.mend is None) == (mend is None) and (mend or "") in (found.mend or "")


def test_a_card_is_seen_without_a_driver(tmp_path):
    assert not gpu.has_nvidia_card(tmp_path / "none")
    for name, vendor, kind in (("a", "0x8086", "0x030000"), ("b", "0x10de", "0x040300")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
        (tmp_path / name / "class").write_text(f"{kind}\n")
    assert not gpu.has_nvidia_card(tmp_path)
    (tmp_path / "a" / "vendor").write_text("0x10de\n")
    assert gpu.has_nvidia_card(tmp_path)


def test_rendering_in_software_beside_a_gpu_is_noted():
    (note,) = machine.gl_findings({"egl": DRAWS}, "egl", "linux", driver=580)
    assert (note.state, note.mend) == ("note", "sudo apt install libnvidia-gl-580")


def test_licences_are_those_that_packages_state(capsys):
    found = {one.package: one for one in licences.licences()}
    assert found["numpy"].version == np.__version__ and "BSD-3-Clause" in found["numpy"].terms
    assert found["jaxlib"].terms == "Apache-2.0"  # required by jax, not by this project
    assert "virtual-rodent" not in found
    assert main(["doctor", "--licences", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["licences"]) == len(found) > 60


def test_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("RODENT_DATA", raising=False)
    assert storage.data_finding().state == "note"
    monkeypatch.setenv("RODENT_DATA", str(tmp_path / "none"))
    fault = storage.data_finding()
    assert (fault.state, fault.mend) == ("fault", "unset RODENT_DATA")
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    assert "clips in no file" in storage.data_finding().found


def test_files_of_clips_are_known_by_what_they_contain(tmp_path, monkeypatch):
    folder = tmp_path / "mocap"
    folder.mkdir()
    np.savez(folder / "clips.npz", qpos=np.zeros((2, 74)))
    np.savez(folder / "markers.npz", xyz=np.zeros((2, 20, 3)))
    with h5py.File(folder / "clips.h5", "w") as file:
        file.attrs["schema"] = "virtual-rodent/clips"
    with h5py.File(folder / "recording.h5", "w") as file:
        file.attrs["schema"] = "virtual-rodent/recording"
    (folder / "demo.json").write_text('{"metadata": {"mocap_hz": 50}, "clips": []}')
    (folder / "settings.json").write_text("{}")
    for name in ("cut.npz", "cut.h5", "cut.json.gz"):
        (folder / name).write_bytes(b"\x1f\x8b\x08 and no more")
    (folder / "folder.npz").mkdir()
    os.mkfifo(folder / "pipe.npz")  # reading it would wait for ever
    found = [path.name for path in storage.motion_files(tmp_path)]
    assert found == ["clips.h5", "clips.npz", "demo.json"]
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    assert storage.data_finding().found == f"{tmp_path}: clips in {', '.join('mocap/' + f for f in found)}"


def test_the_clips_of_the_data_folder(data):
    names = [path.name for path in storage.motion_files(data)]
    assert "rat_clips_9.npz" in names
    assert "dannce_rat7m_markers_30hz_mm.npz" not in names


def test_the_cache_folder(tmp_path):
    assert storage.cache_finding(tmp_path / "not" / "yet").state == "ok"
    assert not (tmp_path / "not").exists()
    (tmp_path / "file").touch()
    fault = storage.cache_finding(tmp_path / "file" / "cache")
    assert fault.state == "fault"
    assert fault.mend is not None and fault.mend.startswith("export XDG_CACHE_HOME=")


def test_the_disk(tmp_path, monkeypatch):
    # both folders are on one disk, and one finding says it
    (ok,) = storage.disk_findings({"runs": tmp_path, "the cache": tmp_path / "not" / "yet"})
    assert (ok.state, "for runs and the cache" in ok.found) == ("ok", True)
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: SimpleNamespace(free=1e6))
    (fault,) = storage.disk_findings({"runs": tmp_path})
    assert (fault.state, fault.mend is None) == ("fault", False)


@pytest.fixture
def found(monkeypatch) -> list[Finding]:
    """What the examination finds; a test may add to it."""
    findings = [
        Finding("Python", "ok", "3.12.1"),
        Finding("data folder", "note", "not set", "export RODENT_DATA=FOLDER"),
    ]
    monkeypatch.setattr("rodent.doctor.examine", lambda: findings)
    return findings


def test_notes_are_no_failure(found, capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines()] == [
        ["ok", "Python", "3.12.1"],
        ["note", "data", "folder", "not", "set"],
        ["run:", "export", "RODENT_DATA=FOLDER"],
    ]


def test_faults_are_a_failure_that_is_named(found, capsys):
    found.append(Finding("OpenGL egl", "fault", "cannot render", "export MUJOCO_GL=osmesa"))
    assert main(["doctor", "--json"]) == 1
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert not result["ok"]
    assert result["findings"][2]["mend"] == "export MUJOCO_GL=osmesa"
    assert result["versions"]["python"]
    assert printed.err.endswith("rodent: required, but does not work: OpenGL egl\n")


def test_a_package_that_the_doctor_needs_itself(monkeypatch, capsys):
    def fail():
        raise ModuleNotFoundError("No module named 'pooch'", name="pooch")

    monkeypatch.setattr("rodent.doctor.examine", fail)
    assert main(["doctor"]) == 1
    assert "pooch is not installed; run: " in capsys.readouterr().err


def test_this_machine():
    findings = {finding.subject: finding for finding in examine()}
    for subject in ("Python", "physics", "JAX", "precision", "cache folder"):
        assert findings[subject].state == "ok", findings[subject]
    assert sum("used for videos" in finding.found for finding in findings.values()) == 1


def test_what_draws_here_is_found_to_draw(drawing):
    wanted = machine.chosen_backend(os.environ)
    assert outcome_of(machine.DRAW, 90, {"MUJOCO_GL": wanted}).values is not None


def test_nothing_can_be_so_broken_that_the_doctor_crashes(tmp_path):
    # under such a MUJOCO_GL MuJoCo cannot even be imported, and JAX has no such platform
    broken = {
        "MUJOCO_GL": "nonsense",
        "JAX_PLATFORMS": "nonsense",
        "RODENT_DATA": "/none",
        "XDG_CACHE_HOME": "/dev/null/cache",
    }
    program = [
        sys.executable,
        "-c",
        "import sys; from rodent.cli import main; sys.exit(main(['doctor', '--json']))",
    ]
    result = subprocess.run(
        program, env=os.environ | broken, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    findings = json.loads(result.stdout)["findings"]
    faults = {finding["subject"]: finding["mend"] for finding in findings if finding["state"] == "fault"}
    assert faults.keys() >= {"OpenGL nonsense", "JAX", "data folder", "cache folder"}
    assert None not in faults.values()
    assert list(tmp_path.iterdir()) == []
