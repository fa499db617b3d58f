#!/bin/sh
# rat-primitives: an encoder that does not see the body, a decoder that keeps balance, and a prior. It learns the
# controls of rat-position; 40 minutes are enough.
# sh rat-primitives.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
generalist rat-primitives "$@" --task.setpoint neutral \
  --task.window reference --network.prior 128 --ppo.latent-kl 0.004 \
  --teacher rat-position --distillation.steps 100000000 --model-based.updates 0
