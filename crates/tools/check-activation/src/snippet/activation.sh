# Says once a boot that the system of Nix did not come up, and what mends it; says nothing while it runs.
case $- in *i*)
  # Where it is not on the path, as when there is no path.
  if ! type nix-recover >/dev/null 2>&1; then
    alias nix-recover='/usr/local/libexec/mendutils/recover-activation --ask'
  fi
  function __mendutils_activation {
    # Once a session: what this shell starts inherits the mark.
    [ -z "${MENDUTILS_ACTIVATION-}" ] && [ -t 0 ] && [ -t 2 ] || return 0
    export MENDUTILS_ACTIVATION=asked
    # The link leads to the folder of the profile itself: not missing, not dangling, not stale. No process is needed.
    [ /run/current-system -ef /nix/var/nix/profiles/system ] && return 0
    local program=/usr/local/libexec/mendutils/check-activation folder='' file='' told='' now=''
    [ -x "$program" ] || return 0
    # What was told in this boot is kept where nobody else can write.
    for folder in "${XDG_RUNTIME_DIR-}" "${HOME-}/Library/Caches" "${HOME-}/.cache"; do
      if [ -d "$folder" ] && [ -O "$folder" ] && [ -w "$folder" ] && [ ! -k "$folder" ]; then
        file=$folder/mendutils-activation
        break
      fi
    done
    if [ -f "$file" ] && [ -r "$file" ]; then IFS= read -r told <"$file" || :; fi
    now=$("$program" --once="$told") || :
    if [ -n "$now" ] && [ -n "$file" ] && [ ! -L "$file" ]; then
      if [ ! -e "$file" ] || { [ -f "$file" ] && [ -w "$file" ]; }; then printf '%s\n' "$now" >|"$file"; fi
    fi
    return 0
  }
  __mendutils_activation || :
  unset -f __mendutils_activation
  ;;
esac
