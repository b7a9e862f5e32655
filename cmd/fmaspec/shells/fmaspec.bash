# Completion of fmaspec for bash, written by "fmaspec completion bash".

_fmaspec() {
    local i word rest kind out prefix current last=0 line=$COMP_LINE
    local -a words=()
    COMPREPLY=()
    # bash splits words at = and : too; those without a blank between them are one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:space:]]*}"}
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            last=${#words[@]}
            words[last]=$word
        else
            words[last]=${words[last]}$word
        fi
        line=${rest#"$word"}
    done
    out=$("${words[0]/#\~/$HOME}" completion words -- "${words[@]:1}" 2>/dev/null) || return
    current=${words[last]}
    kind=${out%%$'\n'*}
    case $kind in
    files*) ;; # readline completes names of files where there is no other reply
    folders*) compopt -o dirnames +o default 2>/dev/null ;;
    *)
        compopt +o default 2>/dev/null
        [[ $kind == parts ]] && compopt -o nospace 2>/dev/null
        [[ $out == *$'\n'* ]] || return
        [[ $COMP_WORDBREAKS == *[=:]* ]] && prefix=${current%"${current##*[=:]}"}
        while IFS=$'\t' read -r word _; do
            [[ $word == "$current"* ]] && COMPREPLY[${#COMPREPLY[@]}]=${word#"$prefix"}
        done <<<"${out#*$'\n'}"
        ;;
    esac
}

complete -o default -F _fmaspec fmaspec
