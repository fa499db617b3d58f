#!/bin/sh
# rat-neutral: servos around a neutral pose, so that the network alone carries the movement. It first learns nine
# clips by rewards, half an hour, and then the controls of rat-position on all motion, another half.
# sh rat-neutral.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
[ -e "$1/nine" ] || rodent train --clips "$RODENT_DATA/mocap/rat_clips_9.npz" --out "$1/nine" --steps 4390912 \
  --task.setpoint neutral
generalist rat-neutral "$@" --start-from "$1/nine" --teacher rat-position --distillation.steps 100000000 \
  --task.setpoint neutral --model-based.updates 0
