#!/bin/sh
# Measure a generalist: sh figures.sh POLICY FOLDER, with the FOLDER of motion.sh. Writes nine.json (nine real clips
# under every change), mirrored.json (their mirror images) and rat7m.json (clips of which nothing was trained on).
set -eu
policy=$1
out=$2
nine=$RODENT_DATA/mocap/rat_clips_9.npz
rodent evaluate "$policy" --clips "$nine" --robust --json > "$out/nine.json"
rodent evaluate "$policy" --clips "$out/mirrored.h5" --robust --change none --json > "$out/mirrored.json"
rodent evaluate "$policy" --clips "$out/rat7m.h5" --robust --json > "$out/rat7m.json"
