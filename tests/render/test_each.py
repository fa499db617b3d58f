"""A file for every clip, from processes of their own."""

import numpy as np
import pytest
from PIL import Image

from rodent.cli.render import Render
from rodent.errors import InputError
from rodent.render import RenderOptions, render_each

OPTIONS = RenderOptions(size=(96, 64))


@pytest.mark.usefixtures("drawing")
def test_every_clip_has_its_file(clip_file, tmp_path, capfd):
    done = render_each(clip_file, tmp_path / "films" / "{clip}.png", OPTIONS, workers=1)
    files = [tmp_path / "films" / f"sway_{i}.png" for i in range(2)]
    assert done.files == tuple(map(str, files)) and done.frames == 12
    pictures = []
    for file in files:
        with Image.open(file) as image:
            pictures.append(np.asarray(image).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() > 20
    # one bar, not one of each process
    assert capfd.readouterr().err.count("40/40") == 1


@pytest.mark.parametrize(
    ("out", "workers", "message"),
    [
        ("film.mp4", 0, r"film\.mp4 has no {clip} in its name"),
        ("{clip}.mp4", -1, "workers is -1; it must not be negative"),
        ("{clip}.avi", 0, r"must end in \.mp4, \.gif, \.png"),
    ],
)
def test_what_is_refused(clip_file, tmp_path, out, workers, message):
    with pytest.raises(InputError, match=message):
        render_each(clip_file, tmp_path / out, OPTIONS, workers)
    assert not list(tmp_path.iterdir())


def test_workers_are_for_several_files(clip_file, tmp_path):
    with pytest.raises(InputError, match=r"--workers renders several files; name them with \{clip\}"):
        Render(clip_file, tmp_path / "film.mp4", workers=2).run()
