#compdef fmaspec
# Completion of fmaspec for zsh, written by "fmaspec completion zsh".

_fmaspec() {
    local out kind line prefix
    local -a lines described
    out=$("${(Q)words[1]/#\~/$HOME}" completion words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null) || return 1
    lines=("${(@f)out}")
    kind=$lines[1]
    case $kind in
    files*)
        prefix=${kind#files}
        [[ -n $prefix ]] && compset -P "${(b)prefix# }"
        _files
        ;;
    folders*)
        prefix=${kind#folders}
        [[ -n $prefix ]] && compset -P "${(b)prefix# }"
        _files -/
        ;;
    *)
        for line in "${(@)lines[2,-1]}"; do
            described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        done
        if [[ $kind == parts ]]; then
            _describe -t values value described -S ''
        else
            _describe -t values value described
        fi
        ;;
    esac
}

if [[ $funcstack[1] == _fmaspec ]]; then
    _fmaspec "$@"
else
    compdef _fmaspec fmaspec
fi
