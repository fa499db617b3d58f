"""The two errors a user can meet.

`InputError` says that something handed to the program is wrong, `WorkError` that the
work itself failed. The command line turns them into exit codes 2 and 1 and prints
their message as one line, so a message names the thing, what was found, what was
expected, and how to fix it.
"""

import contextlib
import difflib
from collections.abc import Iterable, Iterator


class InputError(Exception):
    """A file, option or argument is wrong; the user can mend it (exit code 2)."""


class WorkError(RuntimeError):
    """The input was right and the work failed all the same (exit code 1)."""


def unknown(
    kind: str, name: str, known: Iterable[str], where: str = "", names: Iterable[str] = ()
) -> InputError:
    """The error for a name that is not among the known ones.

    Args:
        kind: what it is a name of.
        name: as given.
        known: the known ones as they are listed, such as `velocity (package rodent-velocity 0.1)`.
        where: the file or place where it was met.
        names: the known ones as they are given, where that is something else.

    >>> print(unknown("layer", "decoder/layr_0", ["decoder/layer_0", "value/layer_0"]))
    unknown layer 'decoder/layr_0'; did you mean 'decoder/layer_0'? There are: decoder/layer_0, value/layer_0
    """
    known = list(known)
    close = difflib.get_close_matches(name, list(names) or known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    place = f" in {where}" if where else ""
    return InputError(f"unknown {kind} {name!r}{place}{hint} There are: {', '.join(known)}")


def one_line(error: Exception) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())


@contextlib.contextmanager
def naming(place: object) -> Iterator[None]:
    """Say of an InputError where it was met, such as a file or a layer."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


def check_setting(what: str, name: str, good: bool, value: object, allowed: str) -> None:
    """Refuse a setting.

    Raises:
        InputError: it is not good; the message has what it is a setting of, its name, its value and
            what is expected.

    >>> check_setting("encoding setting", "folds", False, 1, "at least 2")
    Traceback (most recent call last):
    ...
    rodent.errors.InputError: encoding setting folds is 1; it must be at least 2
    """
    if not good:
        raise InputError(f"{what} {name} is {value}; it must be {allowed}")
