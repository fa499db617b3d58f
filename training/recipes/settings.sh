# What all generalists share: motion made without end, worlds that vary, and the clips of an animal that no other
# clip is of, which decide which policy is kept. Sourced by the recipes.
validation="second_Walk_0 second_Walk_1 second_Still_2 second_Still_3 second_Still_4 second_Still_5 second_RGroom_6"
motion="--motion.pieces 64 --motion.renewal 400000 --motion.piece.spliced 0.2 --motion.piece.rough 0"
worlds="--randomisation.friction 0.25 2.2 --randomisation.mass 0.85 1.25 --randomisation.strength 0.85 1.15
  --randomisation.lag 0.8 1.5 --randomisation.start-angle 0 6 --randomisation.start-velocity 0 0.1
  --randomisation.push-speed 0 0.4 --randomisation.push-interval 1.2"

# generalist NAME FOLDER [options of rodent train]: train into FOLDER/NAME, on the motion of motion.sh
generalist() {
  name=$1
  out=$2
  shift 2
  [ -e "$out/motion.h5" ] || sh "$(dirname "$0")/motion.sh" "$out"
  rodent train --clips "$out/motion.h5" --out "$out/$name" --minutes 240 --evaluate-every 500000 \
    --validation-clips $validation $motion $worlds "$@"
}
