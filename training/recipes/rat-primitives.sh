#!/bin/sh
# rat-primitives: an encoder that does not see the body, a decoder that keeps balance, and a prior.
# sh rat-primitives.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
generalist rat-primitives "$@" --task.setpoint neutral \
  --task.window reference --task.limits.root-position 0.2 --task.limits.body-position 0.2 \
  --network.prior 128 --ppo.latent-kl 0.001
