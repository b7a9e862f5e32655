# Completion of fmaspec for fish, written by "fmaspec completion fish".

function __fmaspec_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out ($words[1] completion words -- $words[2..] "$current" 2>/dev/null)
    or return
    set -l kind (string split -m 1 ' ' -- $out[1])
    switch $kind[1]
        case files folders
            set -l prefix "$kind[2]"
            set -l part (string sub -s (math (string length -- "$prefix") + 1) -- "$current")
            for name in (__fish_complete_path "$part")
                test $kind[1] = folders; and not string match -q -- '*/*' $name; and continue
                echo "$prefix$name"
            end
        case '*'
            printf '%s\n' $out[2..]
    end
end

complete -c fmaspec -f -a '(__fmaspec_complete)'
