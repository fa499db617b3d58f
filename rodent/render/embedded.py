"""Films inside a notebook.

film(rollouts["Walk_280"], ghost=True)      # shown where it stands
film("walk.h5").write("walk.mp4")
"""

import base64
import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rodent.clips import ClipSet
from rodent.errors import InputError
from rodent.files import atomic_path
from rodent.render.film import render, render_shots
from rodent.render.options import Rendered, RenderOptions
from rodent.render.shots import InScene, chosen, clip_shot, rollout_shot

_SIZE = (480, 360)  # pixels of a film in a notebook


Source = Path | str | ClipSet | InScene | Mapping[str, InScene]
"""What can be filmed: a recording or clips in a file, clips, a rollout, or several by name."""


@dataclasses.dataclass(frozen=True, repr=False)
class Film:
    """A film in memory; a notebook shows it.

    Attributes:
        content: of the file, MP4 or GIF.
        suffix: `.mp4` or `.gif`.
        size: width and height, pixels.
        seconds: of playback.
    """

    content: bytes
    suffix: str
    size: tuple[int, int]
    seconds: float

    def __repr__(self) -> str:
        width, height = self.size
        kind = self.suffix[1:].upper()
        return f"Film({kind}, {width}x{height}, {self.seconds:.1f} s, {len(self.content) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        data, (width, height) = base64.b64encode(self.content).decode(), self.size
        if self.suffix == ".gif":
            return f'<img src="data:image/gif;base64,{data}" width="{width}" height="{height}">'
        return (
            f'<video controls loop muted autoplay playsinline width="{width}" height="{height}" '
            f'src="data:video/mp4;base64,{data}"></video>'
        )

    def write(self, path: Path | str) -> None:
        """Write the film to a file of its suffix.

        Raises:
            InputError: the suffix is another, or the folder cannot be written.
        """
        if Path(path).suffix != self.suffix:
            raise InputError(f"{path} does not end in {self.suffix}, the format of this film")
        with atomic_path(Path(path)) as temporary:
            temporary.write_bytes(self.content)


def film(source: Source, *, suffix: str = ".mp4", **options: Any) -> Film:
    """Render a film of a recording, of rollouts or of clips, for a notebook.

    Args:
        source: see `Source`.
        suffix: `.mp4` or `.gif`.
        options: fields of `RenderOptions`, such as `ghost=True`, `speed=0.5` or `clips=("walk",)`; the size
            is 480 by 360 pixels by default.

    Raises:
        InputError: the source or an option is invalid.
        WorkError: rendering is not possible on this machine.
    """
    if suffix not in (".mp4", ".gif"):
        raise InputError(f"suffix is {suffix!r}; expected .mp4 or .gif")
    given: dict[str, Any] = {"size": _SIZE} | options
    filming = RenderOptions(**given)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film{suffix}"
        if isinstance(source, Path | str):
            done = render(source, path, filming)
        else:
            done = _render(source, path, filming)
        return Film(path.read_bytes(), suffix, filming.size, done.duration)


def _render(
    source: ClipSet | InScene | Mapping[str, InScene], path: Path, options: RenderOptions
) -> Rendered:
    if isinstance(source, ClipSet):
        config, shots = source.body, [clip_shot(clip) for clip in source]
    else:
        played = list(source.values()) if isinstance(source, Mapping) else [source]
        if not played:
            raise InputError("there is no rollout to show")
        for one in played:
            for channel in options.channels:
                if not one.has(channel):
                    raise InputError(f"{one!r} has no {channel} to show")
        config, shots = played[0].scene, [rollout_shot(one) for one in played]
    return render_shots(config, chosen(shots, options.clips, repr(source)), path, options)
