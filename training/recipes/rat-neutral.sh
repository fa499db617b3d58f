#!/bin/sh
# rat-neutral: servos around a neutral pose, so that the network alone carries the movement. sh rat-neutral.sh FOLDER [options of rodent train]
set -eu
here=$(dirname "$0")
. "$here/settings.sh"
out=$1
shift
[ -e "$out/motion.h5" ] || sh "$here/motion.sh" "$out"
rodent train --clips "$out/motion.h5" --out "$out/rat-neutral" --minutes 240 --task.setpoint neutral --evaluate-every 500000 \
  --validation-clips $validation $motion $worlds "$@"
