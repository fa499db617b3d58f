#!/bin/sh
# rat-torque: the network produces every force. It first learns nine clips, 70 minutes, and then all motion.
# sh rat-torque.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
[ -e "$1/nine" ] || rodent train --clips "$RODENT_DATA/mocap/rat_clips_9.npz" --out "$1/nine" --steps 11517952 \
  --body.actuation torque --sampler.failing 0.7
generalist rat-torque "$@" --start-from "$1/nine" --body.actuation torque
