#!/bin/bash
# What hosts ran before, after "up -d": every two seconds two processes for each container, for a minute at most.
project=$1
for _ in {1..30}; do
    pending=0
    for id in $(podman ps --all --quiet --filter "label=com.docker.compose.project=$project"); do
        status=$(podman inspect --format '{{.State.Status}}' "$id") || status=missing
        health=$(podman inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "$id") || health=none
        [ "$status" = running ] && { [ -z "$health" ] || [ "$health" = healthy ]; } || pending=1
    done
    [ "$pending" = 0 ] && exit 0
    sleep 2
done
exit 1
