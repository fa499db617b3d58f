"""What a server sends to a browser."""

import msgspec.msgpack
import zstandard


def messages(window):
    """The messages of a window, as dictionaries."""
    packed = window[16 : 16 + int.from_bytes(window[8:16], "little")]
    return msgspec.msgpack.decode(zstandard.decompress(packed))["messages"]
