import pytest

from rodent.motion import write_clips
from rodent.motion.sway import swaying_clips
from tests.view.sources import write_recording


@pytest.fixture(scope="session")
def clips(body):
    return swaying_clips(body, frames=20)


@pytest.fixture(scope="session")
def clip_file(clips, tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "sway.h5"
    write_clips(clips, path)
    return path


@pytest.fixture(scope="session")
def recording(body, clips, tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "sway.h5"
    write_recording(path, body, clips)
    return path
