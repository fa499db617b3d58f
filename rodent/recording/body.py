"""The body of a recording, compiled.

body = recorded_body(recording)
"""

from rodent.errors import InputError
from rodent.recording.channels import ROOT_POSE
from rodent.recording.reader import Recording
from rodent.scene import Scene, make_scene


def recorded_body(recording: Recording) -> Scene:
    """The scene of a recording; compiled once for recordings of the same scene.

    Raises:
        InputError: the recording does not match its scene.
    """
    scene = make_scene(recording.scene)
    for what, recorded, has in (
        ("joints", len(recording.joint_names), scene.model.nq - len(ROOT_POSE)),
        ("actuators", len(recording.actuator_names), scene.model.nu),
    ):
        if recorded != has:
            raise InputError(
                f"{recording.path} has {recorded} {what}; expected {has}, as in the body that it names"
            )
    return scene
