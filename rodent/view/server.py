"""The web server of the viewer, which is reachable from this machine only."""

import contextlib
import io
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rodent.errors import InputError

if TYPE_CHECKING:
    import viser

HOST = "127.0.0.1"


@contextlib.contextmanager
def open_server(port: int = 0) -> "Iterator[viser.ViserServer]":
    """A server on loopback, stopped when the block ends.

    Args:
        port: to listen on; 0 for any free port.

    Raises:
        InputError: the port is not available, or viser is not installed.
    """
    viser = load_viser()
    _require_port(port)
    # viser prints to standard output, which is for results of the command
    with contextlib.redirect_stdout(io.StringIO()):
        server = viser.ViserServer(host=HOST, port=port, verbose=False)
    try:
        if port not in (0, server.get_port()):
            raise InputError(f"port {port} is in use by another program; choose another --port")
        # a page of any origin could call it, and it opens the server to the internet
        server.request_share_url = _stay_private
        yield server
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            server.stop()


def address(server: "viser.ViserServer") -> str:
    """Address of the page."""
    return f"http://{HOST}:{server.get_port()}"


def load_viser() -> Any:
    """The package viser.

    Raises:
        InputError: it is not installed.
    """
    try:
        import viser
    except ImportError as error:
        raise InputError(f"the viewer needs viser ({error}): pip install 'virtual-rodent[viewer]'") from error
    return viser


def _require_port(port: int) -> None:
    if not 0 <= port <= 65535:
        raise InputError(f"port {port} does not exist; choose one from 1024 to 65535, or 0 for any free one")
    with socket.socket() as trial:
        # like the server: a recently closed port is free
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise InputError(
                f"cannot listen on port {port} of {HOST}: {reason}; choose another --port, "
                "or omit it to use any free port"
            ) from error


def _stay_private(verbose: bool = True) -> None:
    """Instead of `viser.ViserServer.request_share_url`: there is no public address."""
