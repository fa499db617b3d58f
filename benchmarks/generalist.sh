#!/bin/sh
# A generalist in ten minutes of a GPU, and its figures: sh generalist.sh FOLDER [options of rodent train].
# MuJoCo Warp takes no friction, mass, strength or lag that differ between environments; starts and pushes do.
set -eu
recipes=$(dirname "$0")/../training/recipes
. "$recipes/settings.sh"
out=$1
shift
[ -e "$out/motion.h5" ] || sh "$recipes/motion.sh" "$out"
rodent train --clips "$out/motion.h5" --out "$out/generalist" --device gpu --minutes 10 \
  --validation-clips $validation --motion.pieces 1024 --motion.renewal 20000000 \
  --randomisation.start-angle 0 5 --randomisation.start-velocity 0 0.1 --randomisation.push-speed 0 0.4 \
  --randomisation.push-interval 1.5 --randomisation.sensor-noise 0.02 "$@"
rodent evaluate "$out/generalist" --clips "$out/rat7m.h5" --robust --change none --json
