# Settings that all generalists share: motion made without end, worlds that vary, and the clips of an animal that
# no other clip is of, which decide which policy is kept. A source for `. settings.sh`.
validation="second_Walk_0 second_Walk_1 second_Still_2 second_Still_3 second_Still_4 second_Still_5 second_RGroom_6"
motion="--motion.pieces 192 --motion.renewal 400000"
worlds="--randomisation.friction 0.3 2.2 --randomisation.mass 0.85 1.25 --randomisation.strength 0.85 1.15
  --randomisation.lag 0.8 1.3 --randomisation.start-angle 0 5 --randomisation.start-velocity 0 0.1
  --randomisation.push-speed 0 0.4 --randomisation.push-interval 1.5 --randomisation.sensor-noise 0.02"
