#!/bin/sh
# The health check of `service NAME`.
test ! -e "/state/$1.sick" && exit 0
echo "$1 is sick"
exit 1
