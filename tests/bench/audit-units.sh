#!/bin/bash
# What hosts ran before, for each of their units: systemctl is asked, and a prefix is compared.
fail=0
for unit in "$@"; do
    shown=$(systemctl --user show -p FragmentPath -p DropInPaths -p NeedDaemonReload -p UnitFileState -p LoadState "$unit")
    fragment=; drop_ins=; load=
    while IFS='=' read -r key value; do
        case $key in
            FragmentPath) fragment=$value ;;
            DropInPaths) drop_ins=$value ;;
            LoadState) load=$value ;;
        esac
    done <<<"$shown"
    [ "$load" = loaded ] && [[ $fragment == "$HOME"/.config/systemd/user/* ]] && [[ $drop_ins != */etc/systemd/user/* ]] || fail=1
done
exit $fail
