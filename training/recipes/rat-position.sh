#!/bin/sh
# rat-position: servos around the coming pose of the reference.
# sh rat-position.sh FOLDER [options of rodent train]
set -eu
. "$(dirname "$0")/settings.sh"
generalist rat-position "$@"
