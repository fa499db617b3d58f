"""The body of a recording, compiled.

body = recorded_body(recording)
"""

from rodent.errors import InputError
from rodent.recording.channels import ROOT_POSE
from rodent.recording.reader import Recording
from rodent.scene import Scene, make_scene


def recorded_body(recording: Recording) -> Scene:
    """The body whose states a recording holds; compiled once for recordings of the same one.

    Raises:
        InputError: the recording was made with another body than it says.
    """
    scene = make_scene(recording.scene)
    for what, recorded, has in (
        ("joints", len(recording.joint_names), scene.model.nq - len(ROOT_POSE)),
        ("actuators", len(recording.actuator_names), scene.model.nu),
    ):
        if recorded != has:
            raise InputError(
                f"{recording.path} is of {recorded} {what}, and the body that it names has {has}"
            )
    return scene
