#!/usr/bin/env bash
# install-outside.sh programs ROOT FOLDER FILE…        copies of FILE… in FOLDER
# install-outside.sh sudoers ROOT FILE                  standard input as FILE, if visudo accepts it
# install-outside.sh link ROOT FILE TARGET              FILE as a link to TARGET
# install-outside.sh hook ROOT SNIPPET FILE LINE        standard input as SNIPPET, and LINE in FILE where FILE is given
#
# What must be there while /nix is not mounted: regular files, outside the store, of root. A file that is right is not
# written; one that is not is replaced by a rename, so that at no moment there is none. ROOT is empty but in tests.
#
# root executes what stands in FOLDER, so no folder on the way may belong to anybody else.
set -euo pipefail

what=$1
root=$2
shift 2

die() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

# Everything of root's, by root's uid and gid: the group is called wheel on macOS and root elsewhere.
owner=$(id -u):$(id -g)

# folder PATH: makes it, and refuses one that somebody else could change.
folder() {
  local at=$root part mode
  local -a parts
  IFS=/ read -r -a parts <<<"${1#/}"
  for part in "${parts[@]}"; do
    at=$at/$part
    # On macOS /etc leads to private/etc, by a link of the system's own.
    if [[ $at != "$root/etc" ]]; then
      [[ ! -L $at ]] || die "$at is a link; programs that root runs are not put behind one"
    fi
    if [[ ! -d $at ]]; then
      mkdir -m 0755 "$at"
      chown "$owner" "$at"
    fi
    [[ -O $at ]] || die "$at does not belong to root; sudo chown root $at"
    mode=$(ls -ldnL "$at")
    [[ ${mode:5:1}${mode:8:1} != *w* ]] || die "others than root may write to $at; sudo chmod go-w $at"
  done
}

new=
trap '[ -z "$new" ] || rm -f "$new"' EXIT

# put MODE TARGET: standard input becomes TARGET.
put() {
  local mode=$1 target=$root$2
  new=$(mktemp "${target%/*}/.new.XXXXXXXX")
  cat >"$new"
  chmod "$mode" "$new"
  chown "$owner" "$new"
  keep "$target"
}

# keep TARGET: $new becomes TARGET, unless that is the same already.
keep() {
  if [[ -f $1 && ! -L $1 ]] && cmp -s "$new" "$1" && [[ $(about "$new") == "$(about "$1")" ]]; then
    rm -f "$new"
  else
    mv -f "$new" "$1"
    printf 'installed %s\n' "$1" >&2
  fi
  new=
}

about() {
  # Mode, links, owner and group, as POSIX has ls print them.
  # shellcheck disable=SC2012
  ls -ln "$1" | awk '{ print $1, $3, $4 }'
}

case $what in
  programs)
    target=$1
    shift
    folder "$target"
    for file; do
      put 0555 "$target/${file##*/}" <"$file"
    done
    ;;
  link)
    mkdir -p "$root${1%/*}"
    if [[ $(readlink "$root$1") != "$2" ]]; then
      new=$(mktemp -u "$root${1%/*}/.new.XXXXXXXX")
      ln -s "$2" "$new"
      mv -f "$new" "$root$1"
      new=
      printf 'installed %s\n' "$root$1" >&2
    fi
    ;;
  sudoers)
    folder "${1%/*}"
    target=$root$1
    new=$(mktemp "${target%/*}/.new.XXXXXXXX")
    cat >"$new"
    chmod 0440 "$new"
    chown "$owner" "$new"
    if [[ ! -s $new ]]; then
      # Nobody is allowed anything: no file is the same, and leaves nothing to read.
      rm -f "$target"
    else
      visudo -c -q -f "$new" || die "visudo refuses what was to be $target; nothing was changed"
      keep "$target"
    fi
    ;;
  hook)
    snippet=$1 file=$2 line=$3
    put 0444 "$snippet"
    [[ -n $file ]] || exit 0
    target=$root$file
    if [[ -L $target ]]; then
      printf 'warning: %s is a link; this line is not in it: %s\n' "$target" "$line" >&2
    elif [[ ! -e $target ]]; then
      printf '%s\n' "$line" | put 0444 "$file"
    elif ! grep -qxF -- "$line" "$target"; then
      # The file is Apple's or the administrator's: everything in it stays, and so do its owner and mode.
      new=$(mktemp "${target%/*}/.new.XXXXXXXX")
      cp -p "$target" "$new"
      printf '%s\n' "$line" >>"$new"
      keep "$target"
    fi
    ;;
  *) die "unknown: $what" ;;
esac
