#!/bin/sh
# rat-neutral: servos around a neutral pose, so that the network alone carries the movement.
# sh rat-neutral.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
generalist rat-neutral "$@" --task.setpoint neutral
