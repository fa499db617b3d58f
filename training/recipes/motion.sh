#!/bin/sh
# The motion that the generalists are trained on: sh motion.sh FOLDER writes FOLDER/motion.h5, and the clips that
# test them, FOLDER/rat7m.h5, of which no frame is trained on. RODENT_DATA names the folder with the recordings.
set -eu
out=$1
data=$RODENT_DATA/mocap
mkdir -p "$out"

# a rat tracked by DANNCE, and two mice carried over to the size of the rat
rodent register "$data/test_rodent_mocap_1000_frames.mat" --markers rat23 --units mm --fps 50 --scale 0.9 \
  --seconds 5 --name dannce --out "$out/dannce.h5"
rodent register "$data/mouse22_dannce_1000_frames.mat" --body mouse --markers mouse22 --units mm --fps 100 \
  --resample 50 --seconds 5 --name first --out "$out/mouse_first.h5"
rodent register "$data/mouse_3600_frames.h5" --body mouse --markers mouse34 --units mm --fps 100 --axes x,z,-y \
  --resample 50 --seconds 5 --name second --out "$out/mouse_second.h5"
for mouse in first second; do
  rodent clips retarget "$out/mouse_$mouse.h5" --scale 0.9 --out "$out/$mouse.h5"
done

# the nine clips of a real rat, their mirror images, and three variants of each
rodent clips mirror "$data/rat_clips_9.npz" --out "$out/mirrored.h5"
rodent clips join "$data/rat_clips_9.npz" "$out/mirrored.h5" --out "$out/both.h5"
rodent clips vary "$out/both.h5" --copies 3 --out "$out/varied.h5"

rodent clips synth --walks 24 --rears 24 --out "$out/random.h5"
rodent clips join "$out/both.h5" "$out/varied.h5" "$out/dannce.h5" "$out/first.h5" "$out/second.h5" gaits \
  "$out/random.h5" --out "$out/motion.h5"

# kept out: the walking rat of Rat7M, another animal tracked by another method
rodent register "$data/dannce_rat7m_markers_30hz_mm.npz" --markers rat20 --units mm --scale 0.9 --resample 50 \
  --seconds 5 --name rat7m --out "$out/rat7m.h5"
