#!/bin/sh
# rat-forage: goes from target to target through the primitives of rat-primitives. It first learns with imagined
# rollouts, a quarter of an hour, and then with PPO alone, after which it falls less often.
# sh rat-forage.sh FOLDER [options of rodent train]
set -eu
out=$1
shift
kl="--ppo.latent-kl 0.003 --ppo.latent-kl-steps 500000"
[ -e "$out/first" ] || rodent train --task forage --primitives rat-primitives --out "$out/first" --steps 1687552 $kl
rodent train --task forage --start-from "$out/first" --out "$out/rat-forage" --minutes 7 $kl \
  --model-based.updates 0 "$@"
