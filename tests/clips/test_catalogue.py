"""`rodent clips list` and `rodent clips fetch`: what is handed out is what was published, or nothing is."""

import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import json
import os
import socket
import threading

import pytest

from rodent.cli import main
from rodent.clips import catalogue as module
from rodent.clips import read_clips
from rodent.clips.catalogue import PublicClips, catalogue, fetch, find, local_copy
from rodent.clips.mimic import MIMIC_DEMO
from rodent.errors import InputError, WorkError


class Server(http.server.ThreadingHTTPServer):
    """Sends `content`, after saying that it has `stated` bytes, and counts the requests."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.stated, self.status, self.requests = b"", None, 200, 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/motions/clips.json.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests += 1
        self.send_response(server.status)
        self.send_header("Content-Length", str(server.stated or len(server.content)))
        self.end_headers()
        self.wfile.write(server.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No data folder, an empty cache, and no proxy in the way."""
    monkeypatch.delenv("RODENT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)  # on any system


@pytest.fixture
def content(clip_set) -> bytes:
    """A small file of the format that mimic-mjx publishes."""
    entries = [
        {"id": i, "name": f"clip_{i:04d}", "num_frames": clip.n_frames, "qpos": clip.qpos.tolist()}
        for i, clip in enumerate(clip_set)
    ]
    document = {"metadata": {"num_clips": len(entries), "mocap_hz": 50}, "clips": entries}
    return gzip.compress(json.dumps(document).encode(), mtime=0)


@pytest.fixture
def entry(content, server, monkeypatch) -> PublicClips:
    """The only set of the catalogue, at the server's address."""
    server.content = content
    entry = dataclasses.replace(
        find("mimic-mjx-demo"),
        name="two-clips",
        address=server.address,
        file="two-clips.json.gz",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        clips=2,
    )
    monkeypatch.setattr(module, "catalogue", lambda: {entry.name: entry})
    return entry


def kept(tmp_path) -> list[str]:
    """Names of all files in the cache."""
    return [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_the_catalogue_pins_everything():
    for name, entry in catalogue().items():
        assert entry.name == name
        assert entry.address.startswith("https://")
        assert len(bytes.fromhex(entry.sha256)) == 32 and entry.sha256 == entry.sha256.lower()
        assert sum(entry.behaviors.values()) == entry.clips
        assert entry.size > 0 and entry.seconds > 0 and entry.licence and entry.citation
        assert "/" not in entry.file
    files = [entry.file for entry in catalogue().values()]
    assert len(set(files)) == len(files)


def test_the_demo_clips_are_those_that_the_reader_knows():
    entry = find("mimic-mjx-demo")
    behaviors = list(MIMIC_DEMO.values())
    assert {b: behaviors.count(b) for b in behaviors} == entry.behaviors
    assert entry.seconds == 10 * 250 / 50
    assert "/e73fba54def3c554a08f4bb7820a9047f7b218e1/" in entry.address


def test_a_set_is_downloaded_once_and_can_be_read(entry, server, tmp_path):
    assert local_copy(entry) is None
    path = fetch(entry)
    assert path == tmp_path / "cache" / "virtual-rodent" / "clips" / "two-clips.json.gz"
    assert len(read_clips(path)) == 2
    assert fetch(entry) == local_copy(entry) == path
    assert server.requests == 1
    assert kept(tmp_path) == ["two-clips.json.gz"]


def test_a_copy_in_the_data_folder_comes_first(entry, content, server, tmp_path, monkeypatch):
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    fetch(entry)
    (tmp_path / entry.file).write_bytes(content)
    assert fetch(entry) == tmp_path / entry.file
    assert server.requests == 1


@pytest.mark.parametrize("damage", ["cut", "altered", "folder"])
def test_another_file_in_the_data_folder_is_refused_and_left(
    entry, content, server, tmp_path, monkeypatch, damage
):
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    path = tmp_path / entry.file
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(content[:-1] if damage == "cut" else b"\0" + content[1:])
    with pytest.raises(InputError, match=r"two-clips.json.gz is not two-clips as published.*remove it"):
        fetch(entry)
    assert path.exists()
    assert server.requests == 0


def test_a_damaged_file_in_the_cache_is_replaced(entry, content, server):
    path = fetch(entry)
    path.write_bytes(content[:100])
    assert local_copy(entry) is None
    assert fetch(entry).read_bytes() == content
    assert server.requests == 2


@pytest.mark.parametrize("longer", [b"", b"more"])
def test_an_altered_download_is_refused_and_not_kept(entry, content, server, tmp_path, longer):
    server.content = bytes([content[0] ^ 1]) + content[1:] + longer
    with pytest.raises(
        WorkError, match=r"is not two-clips as published: its sha256 .* nothing of it was kept"
    ):
        fetch(entry)
    assert kept(tmp_path) == []


def test_a_truncated_download_is_refused_and_not_kept(entry, content, server, tmp_path):
    server.content, server.stated = content[:-10], len(content)
    with pytest.raises(WorkError, match="cannot fetch two-clips: the transfer broke off"):
        fetch(entry)
    # and one whose server does not notice
    server.stated = None
    with pytest.raises(WorkError, match="nothing of it was kept"):
        fetch(entry)
    assert kept(tmp_path) == []


def test_a_failed_download_leaves_the_good_copy_elsewhere_alone(entry, server, tmp_path):
    path = fetch(entry)
    other = dataclasses.replace(entry, name="other", file="other.json.gz", sha256="0" * 64)
    with pytest.raises(WorkError):
        fetch(other)
    assert fetch(entry) == path
    assert kept(tmp_path) == [entry.file]


def test_a_server_that_has_it_no_more(entry, server, tmp_path):
    server.status = 404
    with pytest.raises(WorkError, match="the server answered 404 Not Found; download http://127"):
        fetch(entry)
    assert kept(tmp_path) == []


def test_offline_says_what_to_put_where(entry, tmp_path, capsys, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens: refused
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/clips.json.gz"
        offline = dataclasses.replace(entry, address=address)
        monkeypatch.setattr(module, "catalogue", lambda: {offline.name: offline})
        assert main(["clips", "fetch", "two-clips"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = [line for line in said.err.splitlines() if line.startswith("rodent: ")]
    for text in ("the connection failed", address, str(offline.cached), "RODENT_DATA", offline.file):
        assert text in line
    # what it says to do helps
    offline.cached.parent.mkdir(parents=True, exist_ok=True)
    fetch(dataclasses.replace(entry, file="x")).rename(offline.cached)
    assert main(["clips", "fetch", "two-clips"]) == 0


def test_a_cache_that_cannot_be_made(entry, server, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match=r"cannot be kept in the cache: .*XDG_CACHE_HOME.*RODENT_DATA"):
        fetch(entry)
    assert server.requests == 0


@contextlib.contextmanager
def as_anybody():
    """Root may write everywhere, so it becomes somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_cache_that_is_read_only(entry, server, tmp_path, monkeypatch):
    folder = entry.cached.parent
    folder.mkdir(parents=True)
    # nobody may come through the parents of tmp_path, but from here
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rodent.published.cache_folder", lambda: folder.parent.relative_to(tmp_path))
    for path in (folder, folder.parent, tmp_path / "cache", tmp_path):
        path.chmod(0o555)
    try:
        with as_anybody(), pytest.raises(InputError, match=r"cannot be kept in the cache: .*denied"):
            fetch(entry)
    finally:
        for path in (tmp_path, tmp_path / "cache", folder.parent, folder):
            path.chmod(0o755)
    assert kept(tmp_path) == []


def test_a_data_folder_that_is_none(entry, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RODENT_DATA", str(tmp_path / "none"))
    assert main(["clips", "fetch", "two-clips"]) == 2
    assert "which is no folder; create it or unset RODENT_DATA" in capsys.readouterr().err


def test_an_unknown_name(entry, capsys):
    assert main(["clips", "fetch", "two-clip"]) == 2
    assert "did you mean 'two-clips'?" in capsys.readouterr().err


def test_fetch_prints_the_path_and_what_to_do_next(entry, capsys):
    assert main(["clips", "fetch", "two-clips"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{entry.cached}\n"
    for text in ("MIT", "arXiv:2511.20532", f"rodent clips info {entry.cached}", "rodent train --clips"):
        assert text in said.err
    assert main(["clips", "fetch", "two-clips", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["path"], result["sha256"]) == (str(entry.cached), entry.sha256)


def test_list_says_what_is_here(entry, capsys, tmp_path, monkeypatch):
    deep = tmp_path.joinpath(*["a folder with a long name"] * 8)  # a path is never cut, however long
    monkeypatch.setattr("pooch.os_cache", lambda name: deep / name)
    assert main(["clips", "list"]) == 0
    out = capsys.readouterr().out
    for text in ("two-clips", "RGroom ×3", "MIT", "no: rodent clips fetch two-clips"):
        assert text in out
    fetch(entry)
    assert main(["clips", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sets"]
    assert row["path"] == str(entry.cached)
    assert row["behaviors"] == {"RGroom": 3, "Rear": 2, "Walk": 1, "FastWalk": 2, "FaceGroom": 2}
    assert main(["clips", "list"]) == 0
    assert str(entry.cached) in capsys.readouterr().out
