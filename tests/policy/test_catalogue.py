"""A lab's catalogue of policies: what it names is used as it was published, or not at all."""

import http.server
import json
import shutil
import threading
from functools import partial
from pathlib import Path

import pytest

from rodent.assets import asset_path
from rodent.cli import main
from rodent.errors import InputError, WorkError
from rodent.policy.catalogue import about, entry_text, names_policy, policy_path, read_catalogue
from rodent.policy.policy import load_policy


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No data folder, an empty cache, no proxy, and the catalogue beside the policy."""
    monkeypatch.delenv("RODENT_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setenv("RODENT_POLICIES", str(tmp_path / "lab" / "policies.toml"))


@pytest.fixture
def published(tmp_path) -> Path:
    """A policy folder of another name than that which is built in."""
    folder = tmp_path / "lab" / "rat-ours"
    shutil.copytree(asset_path("policies", "rat-position"), folder)
    return folder


@pytest.fixture
def server(tmp_path):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path / "lab"))
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{one.server_port}"
    one.shutdown()
    one.server_close()
    thread.join()


def write(folder: Path, address: str) -> None:
    (folder.parent / "policies.toml").write_text(entry_text(folder, address))


def test_names_of_policies_are_told_from_files(published, tmp_path, monkeypatch):
    write(published, "file:rat-ours")
    monkeypatch.chdir(tmp_path)
    policies = ("rat-ours", "rat-position", "lab/rat-ours")
    assert all(names_policy(Path(name)) for name in policies)
    (tmp_path / "walk").touch()
    assert not any(names_policy(Path(name)) for name in ("gaits", "walk", "lab/policies.toml", "nobody"))


def test_a_published_policy_is_used_by_its_name(published, server, tmp_path):
    write(published, f"{server}/rat-ours")
    loaded = load_policy("rat-ours")
    assert loaded.digest() == load_policy("rat-position").digest()
    cached = tmp_path / "cache" / "virtual-rodent" / "policies" / "rat-ours"
    assert sorted(path.name for path in cached.iterdir()) == ["params.safetensors", "policy.json"]
    shutil.rmtree(published)  # it is downloaded once
    assert policy_path("rat-ours") == cached


def test_what_was_changed_after_publication_is_not_used(published, server, tmp_path):
    write(published, f"{server}/rat-ours")
    card = published / "policy.json"
    card.write_text(card.read_text() + "\n")
    with pytest.raises(WorkError, match=r"policy\.json of rat-ours as published.*nothing of it was kept"):
        load_policy("rat-ours")
    assert not list((tmp_path / "cache").rglob("policy.json"))


def test_a_folder_of_this_machine_is_read_where_it_is(published, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["policy", "entry", "lab/rat-ours", "--address", "file:rat-ours", "--licence", "CC0"]) == 0
    (published.parent / "policies.toml").write_text(capsys.readouterr().out)
    assert main(["policy", "fetch", "rat-ours"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{published}\n"
    assert "licence CC0" in said.err and about(published) in said.err
    assert main(["policy", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["policies"]}
    assert rows["rat-ours"]["folder"] == str(published)
    assert (rows["rat-ours"]["task"], rows["rat-joystick"]["task"]) == ("imitation", "joystick")
    with (published / "params.safetensors").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match=r"params\.safetensors is not params\.safetensors of rat-ours"):
        load_policy("rat-ours")


def test_names_that_nothing_has(published, capsys):
    write(published, "file:rat-ours")
    with pytest.raises(InputError, match=r"built in or in the catalogue are: .*rat-position.*rat-ours"):
        policy_path("rat-our")
    assert main(["policy", "fetch", "rat-our"]) == 2
    assert "did you mean 'rat-ours'?" in capsys.readouterr().err


HASHES = f'sha256 = {{ "policy.json" = "{"0" * 64}", "params.safetensors" = "{"1" * 64}" }}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'[rat-position]\naddress = "https://a.b/c"\n{HASHES}', "name of a built-in policy"),
        (f'["a/../b"]\naddress = "https://a.b/c"\n{HASHES}', "letters, digits, - and _ are expected"),
        (f'[rat]\naddress = "ftp://a.b/c"\n{HASHES}', "must begin with https://"),
        (f'[rat]\nadress = "https://a.b/c"\n{HASHES}', "did you mean 'address'"),
        ('[rat]\naddress = "https://a.b/c"\nsha256 = "00"', "one hash for each of policy.json and params"),
        (f'[rat]\naddress = "https://a.b/c"\n{HASHES.replace("1", "x")}', "64 digits from 0 to f"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(text, message, tmp_path):
    path = tmp_path / "policies.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"policies.toml: policy .*{message}"):
        read_catalogue(path)


def test_without_a_catalogue_fetch_says_how_to_name_one(monkeypatch, capsys):
    monkeypatch.delenv("RODENT_POLICIES")
    assert main(["policy", "fetch", "rat-ours"]) == 2
    assert "export RODENT_POLICIES=policies.toml" in capsys.readouterr().err
