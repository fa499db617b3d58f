#!/bin/sh
# rat-lstm: a decoder with a memory, and servos around the coming pose of the reference. It learns the controls of
# rat-position; 25 minutes are enough.
# sh rat-lstm.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
generalist rat-lstm "$@" --network.decoder-kind lstm \
  --teacher rat-position --distillation.steps 100000000 --model-based.updates 0
