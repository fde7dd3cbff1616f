#!/usr/bin/env bash
# install-units.sh TOOLS OUT
#
# Installs the unit files that stand beside each program (TOOLS/<program>/units/{system,user}) below OUT/lib/systemd
# and names the programs in them by their absolute path. The files in the source name a program bare, which systemd
# looks up on a fixed path; nothing of the Nix store is on that path. A program that is not in OUT/bin is an error:
# such a unit could not start on NixOS. So is one of the host, but for podman-compose, with which podman-stack@.service
# stops a stack: the modules write that unit with the provider of the stack in its place.
set -euo pipefail

tools=$1
out=$2
host='podman-compose'
failed=

for units in "$tools"/*/units; do
  for kind in system user; do
    [ -d "$units/$kind" ] || continue
    while IFS= read -r -d '' file; do
      target=$out/lib/systemd/$kind/${file#"$units/$kind/"}
      mkdir -p "${target%/*}"
      # The prefixes -@:+!| of systemd.service(5), then a word without a slash.
      sed -E "/^Exec[A-Za-z]+=[-@:+!|]*($host)([[:space:]]|\$)/! s#^(Exec[A-Za-z]+=[-@:+!|]*)([A-Za-z0-9_][^/[:space:]]*)([[:space:]].*)?\$#\1$out/bin/\2\3#" \
        "$file" >"$target"
      chmod 0444 "$target"
      while IFS= read -r program; do
        [[ $program =~ ^($host)$ ]] && continue
        if [[ $program != "$out"/bin/* || ! -x $program ]]; then
          echo "error: $file starts $program, which this package does not have" >&2
          failed=1
        fi
      done < <(sed -nE 's#^Exec[A-Za-z]+=[-@:+!|]*([^[:space:]]+).*$#\1#p' "$target")
    done < <(find "$units/$kind" -type f -print0)
  done
done

[ -z "$failed" ]
