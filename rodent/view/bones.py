"""A body in the page, moved by its bones.

With `Puppet(server, "/world/rat", figure.bind, figure.patches)` a body is there, and
`puppet.move(figure.pose(qpos))` moves all of it. Within `together`, everything reaches a browser in one
window of messages. The browser applies a window before it draws, so that parts of bodies never part.

viser's handles of bones take 35 microseconds for each number that they set, and its windows end after 128
messages. So its messages are made here, and its windows made larger; its version is bounded for that.
"""

import asyncio
import concurrent.futures
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.view.figure import Bones, Patch

if TYPE_CHECKING:
    import viser

_LARGEST_WINDOW = 10_000  # messages; a rat with its reference has 400


class Puppet:
    """Patches that the bones of one body move.

    Args:
        server: of the page.
        name: in the tree of the scene.
        bind: places of the bones for which the vertices of the patches are given.
        patches: of the body.
        look: of all meshes, such as `opacity`; see `viser.SceneApi.add_mesh_skinned`.

    Attributes:
        frame: the node of the scene whose children the patches are.
        shown: places of the bones that were sent last.
    """

    def __init__(
        self, server: "viser.ViserServer", name: str, bind: Bones, patches: Sequence[Patch], **look: Any
    ):
        self._queue = server.scene._queue_scene_message
        self.frame = server.scene.add_frame(name, show_axes=False)
        self._bones = {f"{name}/{i}": patch.bones for i, patch in enumerate(patches)}
        self.shown = Bones(np.full_like(bind.positions, np.nan), np.full_like(bind.quaternions, np.nan))
        self._meshes = []
        for part, patch in zip(self._bones, patches, strict=True):
            options: dict[str, Any] = {"color": patch.color, **look}
            mesh = server.scene.add_mesh_skinned(
                part,
                patch.vertices,
                patch.faces,
                bone_wxyzs=bind.quaternions[patch.bones],
                bone_positions=bind.positions[patch.bones],
                skin_weights=patch.weights,
                **options,
            )
            self._meshes.append(mesh)

    def see_through(self, opacity: float | None) -> None:
        """Have all patches this opaque, 0 to 1; None for opaque."""
        for mesh in self._meshes:
            mesh.opacity = opacity

    def move(self, bones: Bones) -> None:
        """Send the places of the bones that have changed."""
        from viser._messages import SetBoneOrientationMessage, SetBonePositionMessage

        bones = Bones(*(np.array(values, float) for values in bones))
        moved = (bones.positions != self.shown.positions).any(1)
        turned = (bones.quaternions != self.shown.quaternions).any(1)
        positions, quaternions = ([tuple(row) for row in values.tolist()] for values in bones)
        for part, chosen in self._bones.items():
            for i, bone in enumerate(chosen.tolist()):
                if moved[bone]:
                    self._queue(SetBonePositionMessage(part, i, positions[bone]))
                if turned[bone]:
                    self._queue(SetBoneOrientationMessage(part, i, quaternions[bone]))
        self.shown = bones


def together(server: "viser.ViserServer", change: Callable[[], None]) -> None:
    """Change the page so that browsers receive all or nothing of the change.

    The server's thread makes the change, because it would otherwise send what is there meanwhile. This is
    stronger than `viser.ViserServer.atomic`, under which a window can end where a change begins.
    """
    buffer = server._websock_server.get_message_buffer()
    buffer.max_window_size = _LARGEST_WINDOW

    async def now() -> None:
        with server.atomic():  # which saves waking the server at every message
            change()

    changed = asyncio.run_coroutine_threadsafe(now(), buffer.event_loop)
    try:
        changed.result()
    finally:
        concurrent.futures.wait([changed])  # an interrupt leaves no half of a change
