#!/bin/sh
# What every container of a test runs: `service NAME`. Files in /state, a folder of the user, tell it what to do:
#   NAME.exit   end with the code in it
#   NAME.sick   the health check fails: `healthy NAME`
# The words of PATH are links to busybox.
trap 'exit 0' TERM INT
echo "$1 runs"
while ! test -e "/state/$1.exit"; do
    sleep 0.2 &
    wait $!
done
read -r code <"/state/$1.exit"
echo "$1 ends with $code" >&2
exit "$code"
