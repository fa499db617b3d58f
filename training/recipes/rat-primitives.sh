#!/bin/sh
# rat-primitives: an encoder that does not see the body, a decoder that keeps balance, and a prior of the latent. sh rat-primitives.sh FOLDER [options of rodent train]
set -eu
here=$(dirname "$0")
. "$here/settings.sh"
out=$1
shift
[ -e "$out/motion.h5" ] || sh "$here/motion.sh" "$out"
rodent train --clips "$out/motion.h5" --out "$out/rat-primitives" --minutes 240 --task.setpoint neutral --task.window reference \
  --task.limits.root-position 0.2 --task.limits.body-position 0.2 --network.prior 128 --ppo.latent-kl 0.001 --evaluate-every 500000 \
  --validation-clips $validation $motion $worlds "$@"
