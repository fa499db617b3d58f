"""Files of spikes, of any format; the content decides which it is.

session = read_session(Path("monday.nwb"))
session = read_session(Path("spikes.mat"), SpikeOptions(metres_per_pixel=0.0025))

Formats are those of `analysis.parts.SPIKE_READERS`.
"""

from pathlib import Path

from analysis.neural.seconds import require_one_clock
from analysis.neural.session import NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.signals import Signals
from analysis.neural.spikes import SpikeTimes
from analysis.parts import SPIKE_READERS
from rodent.errors import InputError
from rodent.files import reading
from rodent.keypoints.raw import word_of
from rodent.reader import FileStart, descriptions, recognised


def read_session(
    path: Path | str, options: SpikeOptions | None = None, signals: bool = False
) -> NeuralSession:
    """Read a recorded session.

    Args:
        path: NWB, a session of Aldarondo et al. (2024), a folder of Phy or Kilosort, npz of pynapple, a MAT
            file of tetrodes, npz, HDF5 or MAT of counts or times, or a format that an installed package adds.
        options: how; by default as the file states.
        signals: whether calcium is taken, too, instead of spikes.

    Raises:
        InputError: the file is missing, damaged, of no known format, holds no spikes, or calcium that is not
            taken, or something in it is missing or contradictory; the message names it.
    """
    path, options = Path(path), options or SpikeOptions()
    file = FileStart.of(path)
    reader = recognised(SPIKE_READERS, file, options.format)
    if reader is None:
        raise _unreadable(file)
    with reading(path):
        session = reader.read(path, options)
    if isinstance(session.spikes, Signals) and not signals:
        raise InputError(
            f"{path} holds calcium (signals), and spikes are needed here; `rodent twin fit`, `adapt` and "
            "`score` take calcium"
        )
    if options.metres_per_pixel is not None and "position" not in session.behavior:
        raise InputError(f"{path} has no positions in pixels; leave out --metres-per-pixel")
    if isinstance(session.spikes, SpikeTimes):
        require_one_clock(session.spikes)
    return session


def _unreadable(file: FileStart) -> InputError:
    """Why no reader recognises a file."""
    path = file.path
    if file.is_folder:
        return InputError(f"{path} is a folder, but none of Phy or Kilosort: it has no spike_times.npy")
    if (schema := file.attributes.get("schema")) is not None:
        return InputError(f"{path} is a file of {word_of(schema)!r}, which holds no spikes")
    hint = ""
    if file.start.startswith(b"\x93NUMPY"):
        hint = "; this is a bare npy array: save it with numpy.savez"
    if file.is_pickle:
        hint = "; it is pickled, which can run code and is never read: save arrays as npz"
    return InputError(
        f"{path} is neither an npz nor an HDF5, NWB or MAT file, or is damaged{hint}. Formats are: "
        f"{descriptions(SPIKE_READERS)}"
    )
