import pytest

from tests.view.sources import write_recording


@pytest.fixture(scope="session")
def recording(body, clips, tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "sway.h5"
    write_recording(path, body, clips)
    return path
