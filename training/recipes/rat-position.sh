#!/bin/sh
# rat-position: servos around the coming pose of the reference. sh rat-position.sh FOLDER [options of rodent train]
set -eu
here=$(dirname "$0")
. "$here/settings.sh"
out=$1
shift
[ -e "$out/motion.h5" ] || sh "$here/motion.sh" "$out"
rodent train --clips "$out/motion.h5" --out "$out/rat-position" --minutes 240 --evaluate-every 500000 \
  --validation-clips $validation $motion $worlds "$@"
