"""Whether two clocks go together, told from behavior that both files have.

    notes = check_clock(session, reference, fps, clock, bin_seconds)

The animal's motion stands in the session's file as it was measured, and in the recording as the
reference that the virtual rat followed. Minute by minute the one is moved against the other until
they correlate best. A lag that is always the same is a wrong offset; one that grows is a clock that
runs at another rate.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from analysis.neural.clock import Clock
from analysis.neural.session import NeuralSession
from rodent.errors import InputError

WINDOW = 60.0
"""Length of a window, seconds."""
REACH = 20.0
"""Largest lag that is looked for, seconds, either way."""
MOST_WINDOWS = 60
"""Windows, spread over the session."""
MIN_CORRELATION = 0.7
"""A window whose best correlation is lower tells nothing."""

_LEAST_WINDOWS = 3
_MOST_MISSING = 0.2  # of a window
_SPEED_SECONDS = 0.2  # standard deviation of the window that speed is smoothed with
_STANDARD_ERRORS = 4.0  # by which a drift must differ from none


@dataclasses.dataclass(frozen=True)
class Lags:
    """How much later than a clock says motion comes on the spikes' clock.

    Attributes:
        seconds: middles of the windows on the recording's clock, shape (windows,).
        lag: seconds of the spikes' clock, shape (windows,).
        windows: how many were compared, those that told nothing included.
    """

    seconds: np.ndarray
    lag: np.ndarray
    windows: int

    @property
    def drift(self) -> float:
        """Growth of the lag, seconds per second: the median slope of all pairs (Theil 1950, Sen 1968)."""
        first, second = np.triu_indices(len(self.lag), 1)
        slopes = (self.lag[second] - self.lag[first]) / (self.seconds[second] - self.seconds[first])
        return float(np.median(slopes))

    @property
    def drift_error(self) -> float:
        """Standard error of the drift, from the median deviation from the line, seconds per second."""
        rest = self.lag - self.start - self.drift * self.seconds
        spread = 1.4826 * np.median(np.abs(rest - np.median(rest)))
        return float(spread / np.linalg.norm(self.seconds - self.seconds.mean()))

    @property
    def start(self) -> float:
        """Lag at the first frame of the recording, seconds."""
        return float(np.median(self.lag - self.drift * self.seconds))


def check_clock(
    session: NeuralSession,
    reference: np.ndarray,
    fps: float,
    clock: Clock,
    bin_seconds: float,
    option: Callable[[float], str] = "--offset {:.3f}".format,
) -> tuple[str, ...]:
    """Test a clock by the animal's pose or position, whichever the session has.

    Args:
        session: the session.
        reference: poses that the virtual rat followed, on the recording's clock, shape (frames, nq).
        fps: of the recording.
        clock: as the user gave it, of a single piece.
        bin_seconds: a bin; what is wrong by less does not matter.
        option: the option of the command line that sets the time of the first frame, for messages.

    Returns:
        what was found; nothing where the session has neither pose nor position.

    Raises:
        InputError: the clocks drift apart, or the offset is wrong, by more than a bin; the message
            gives the rate and the offset that fit.
    """
    name = next((name for name in _SIGNALS if name in session.behavior), None)
    if name is None:
        return ()
    choose, signal = _SIGNALS[name]
    columns = choose(reference.shape[1])
    try:
        measured = session.behavior[name]
    except InputError as error:  # the analysis does not need it
        return (f"the clocks are not tested: {error}",)
    times, values = np.asarray(measured.t), np.asarray(measured.values, float)
    if name == "qpos" and values.shape[1:] != reference.shape[1:]:
        return (f"the clocks are not tested: qpos of the session has shape {values.shape}",)
    values = values[:, columns] if name == "qpos" else values[:, :2]
    here = signal(reference[:, columns], fps)
    edge = round(REACH * fps)
    grid = np.arange(-edge, len(reference) + edge) / fps
    there, seen = resample(times, values, clock.on_spikes(grid))
    lags = windowed_lags(here, signal(there, fps), seen, fps)
    lags = dataclasses.replace(lags, lag=clock.rate * lags.lag)
    long = len(reference) >= WINDOW * fps
    if len(lags.lag) >= (min(_LEAST_WINDOWS, lags.windows) if long else _LEAST_WINDOWS):
        return _verdict(lags, clock, len(reference) / fps, bin_seconds, f"{session.path}: ", name, option)
    found = _far_offset(here, signal, times, values, fps, clock)
    if found is not None and abs(found - clock.start) > REACH:
        raise InputError(
            f"{session.path}: its {name} fits that of the recording at an offset of {found:.2f} s, not of "
            f"{clock.start:g} s; give {option(found)}"
        )
    return (
        f"the clocks could not be tested: {name} of session and recording are alike in {len(lags.lag)} of "
        f"{lags.windows} stretches of {WINDOW:g} s; is it the same session?",
    )


def windowed_lags(reference: np.ndarray, measured: np.ndarray, seen: np.ndarray, fps: float) -> Lags:
    """The lag at which two signals correlate best, window by window.

    Args:
        reference: shape (frames, columns).
        measured: the same columns from `REACH` before to `REACH` after, shape (frames + 2 reach, columns).
        seen: which of these were measured, bool, shape (frames + 2 reach,).
        fps: of both.

    Returns:
        the windows in which both were measured and correlate; a positive lag is a measured signal that
        comes later.
    """
    edge = (len(measured) - len(reference)) // 2
    size = min(round(WINDOW * fps), len(reference))
    n = min(max(len(reference) // size, 1), MOST_WINDOWS)
    starts = np.linspace(0, len(reference) - size, n).astype(int)
    found = []
    for start in starts:
        if (~seen[start + edge : start + edge + size]).mean() > _MOST_MISSING:
            continue
        correlation = sliding_correlation(
            reference[start : start + size], measured[start : start + size + 2 * edge]
        )
        peak, height = _peak(correlation)
        if height >= MIN_CORRELATION:
            found.append(((start + size / 2) / fps, (peak - edge) / fps))
    seconds, lag = np.array(found).reshape(-1, 2).T
    return Lags(seconds, lag, n)


def sliding_correlation(short: np.ndarray, long: np.ndarray) -> np.ndarray:
    """Correlation of a signal with every stretch of a longer one, all columns taken together.

    Args:
        short: shape (n, columns); columns that do not vary are left out.
        long: shape (m, columns).

    Returns:
        shape (m - n + 1,); zero where the longer one does not vary.
    """
    from scipy.signal import fftconvolve

    scale = short.std(0)
    varies = scale > 1e-9
    if not varies.any():
        return np.zeros(len(long) - len(short) + 1)
    x = (short[:, varies] - short[:, varies].mean(0)) / scale[varies]
    y = (long[:, varies] - long[:, varies].mean(0)) / scale[varies]
    product = fftconvolve(y, x[::-1], mode="valid", axes=0).sum(1)
    sums = np.cumsum(np.concatenate([np.zeros((1, y.shape[1])), y]), axis=0)
    squares = np.cumsum(np.concatenate([np.zeros((1, y.shape[1])), y**2]), axis=0)
    n = len(x)
    energy = (squares[n:] - squares[:-n] - (sums[n:] - sums[:-n]) ** 2 / n).sum(1)
    power = np.sqrt(np.maximum(energy, 0) * (x**2).sum())
    return np.divide(product, power, out=np.zeros_like(product), where=power > 1e-9 * n)


def resample(times: np.ndarray, values: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values at other times, linear between those that are there.

    Args:
        times: seconds, rising, shape (samples,).
        values: NaN where nothing was measured, shape (samples, columns).
        at: seconds, shape (n,).

    Returns:
        shape (n, columns); whether something was measured within a step or two, bool, shape (n,).
    """
    there = np.isfinite(values).all(1)
    times, values = times[there], values[there]
    if len(times) < 2:
        return np.zeros((len(at), values.shape[1])), np.zeros(len(at), bool)
    resampled = np.stack([np.interp(at, times, column) for column in values.T], axis=1)
    step = 2 * np.median(np.diff(times))
    after = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    seen = (at - times[after - 1] <= step) & (times[after] - at <= step)
    return resampled, seen & (at >= times[0] - step) & (at <= times[-1] + step)


def _peak(correlation: np.ndarray) -> tuple[float, float]:
    """Where the correlation is highest, between samples by a parabola, and how high; 0 at the edge."""
    at = int(correlation.argmax())
    if not 0 < at < len(correlation) - 1:
        return float(at), 0.0
    before, top, after = correlation[at - 1 : at + 2]
    bend = before - 2 * top + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0), float(top)


def _verdict(
    lags: Lags,
    clock: Clock,
    seconds: float,
    bin_seconds: float,
    where: str,
    name: str,
    option: Callable[[float], str],
) -> tuple[str, ...]:
    steady = "too short to tell a drift"
    if len(lags.lag) >= _LEAST_WINDOWS:
        drift, error = lags.drift, lags.drift_error
        if abs(drift) > _STANDARD_ERRORS * error and abs(drift) * seconds > bin_seconds:
            raise InputError(
                f"{where}the clocks drift apart by {1e6 * drift:.0f} ppm, {abs(drift) * seconds:.3g} s over "
                f"the recording, as its {name} tells; give --rate {clock.rate + drift:.6f} "
                f"{option(clock.start + lags.start)}"
            )
        steady = f"drift {1e6 * drift:.0f} ± {1e6 * error:.0f} ppm"
    lag = float(np.median(lags.lag))
    if abs(lag) > bin_seconds:
        raise InputError(
            f"{where}the offset is wrong by {lag:.3g} s, as its {name} tells; give "
            f"{option(clock.start + lag)}"
        )
    return (
        f"clocks tested by {name} in {len(lags.lag)} of {lags.windows} stretches of {WINDOW:g} s: "
        f"offset right to {1000 * abs(lag):.0f} ms, {steady}",
    )


def _far_offset(
    here: np.ndarray, signal: Callable, times: np.ndarray, values: np.ndarray, fps: float, clock: Clock
) -> float | None:
    """The offset anywhere in the session at which the middle of the recording fits, if any does."""
    size = min(round(5 * WINDOW * fps), len(here))
    first = (len(here) - size) // 2
    grid = np.arange(times[0], times[-1], clock.rate / fps)
    if len(grid) < size + 2:
        return None
    there, _ = resample(times, values, grid)
    peak, height = _peak(sliding_correlation(here[first : first + size], signal(there, fps)))
    return times[0] + clock.rate * (peak - first) / fps if height >= MIN_CORRELATION else None


def _posture(values: np.ndarray, fps: float) -> np.ndarray:
    return values


def _speed(values: np.ndarray, fps: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(values, _SPEED_SECONDS * fps, axis=0)
    return np.linalg.norm(np.gradient(smooth, 1 / fps, axis=0), axis=1)[:, None]


# what of a pose both have, and what of it does not depend on where the world's axes are
_Columns = Callable[[int], np.ndarray]
_SIGNALS: dict[str, tuple[_Columns, Callable[[np.ndarray, float], np.ndarray]]] = {
    "qpos": (lambda width: np.r_[2, 7:width], _posture),
    "position": (lambda width: np.r_[0, 1], _speed),
}
