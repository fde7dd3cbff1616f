#!/bin/sh
# The health check of `service NAME`. An image can be sick by itself, with SICK in its environment.
test -z "$SICK" && test ! -e "/state/$1.sick" && exit 0
echo "$1 is sick"
exit 1
