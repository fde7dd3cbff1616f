# Says once a boot that the system of Nix did not come up, and what mends it; says nothing while it runs.
if status is-interactive
    # Where it is not on the path, as when there is no path.
    if not type -q nix-recover
        function nix-recover --description 'Mend what did not come up at boot'
            /usr/local/libexec/mendutils/recover-activation --ask $argv
        end
    end
    function __mendutils_activation
        # Once a session: what this shell starts inherits the mark.
        if set -q MENDUTILS_ACTIVATION; or not test -t 0; or not test -t 2
            return
        end
        set -gx MENDUTILS_ACTIVATION asked
        # The link leads to the folder of the profile itself: not missing, not dangling, not stale. No process is needed.
        if test /run/current-system -ef /nix/var/nix/profiles/system 2>/dev/null
            return
        end
        set -l program /usr/local/libexec/mendutils/check-activation
        set -l file ''
        set -l told ''
        if not test -x $program
            return
        end
        # What was told in this boot is kept where nobody else can write.
        for folder in "$XDG_RUNTIME_DIR" "$HOME/Library/Caches" "$HOME/.cache"
            if test -d "$folder"; and test -O "$folder"; and test -w "$folder"; and not test -k "$folder"
                set file $folder/mendutils-activation
                break
            end
        end
        if test -f "$file"; and test -r "$file"
            read told <$file
        end
        set -l now ($program --once="$told")
        if test -n "$now"; and test -n "$file"; and not test -L "$file"
            if not test -e "$file"
                printf '%s\n' $now >$file
            else if test -f "$file"; and test -w "$file"
                printf '%s\n' $now >$file
            end
        end
    end
    __mendutils_activation
    functions -e __mendutils_activation
end
