#!/bin/sh
# rat-position: servos around the coming pose of the reference. sh rat-position.sh FOLDER MINUTES
set -eu
here=$(dirname "$0")
. "$here/settings.sh"
out=$1
[ -e "$out/motion.h5" ] || sh "$here/motion.sh" "$out"
rodent train --clips "$out/motion.h5" --out "$out/rat-position" --minutes "$2" \
  --validation-clips $validation $motion $worlds --evaluate-every 500000
rodent evaluate "$out/rat-position" --clips "$out/rat7m.h5" --robust
