# shellcheck shell=bash
# Starts the calling script anew without the variables that environment.txt drops.
#
# An exported function can have the name of any command, and BASH_ENV can set any option. Until bash
# runs with -p, which obeys neither, the scripts name no command but `.` and `exec`.

read_decisions() { # read_decisions FILE: sets `dropped` and `kept`, patterns for [[ ]]
  local decision names
  dropped='' kept=''
  while read -r decision names; do
    case $decision in
      drop) dropped+=" $names" ;;
      record | keep | build) kept+=" $names" ;;
    esac
  done <"$1"
  dropped="@(${dropped// /|})" kept="@(${kept// /|})"
}

# The kernel knows them all; bash lists neither functions nor names that it cannot use.
drop_variables() { # drop_variables ARGUMENT...: of the script
  local name flags=()
  while IFS='=' read -r -d '' name _; do
    # shellcheck disable=SC2053
    if [[ $name == $dropped && $name != $kept ]]; then flags+=(--unset="$name"); fi
  done </proc/self/environ
  if ((${#flags[@]} != 0)); then exec env "${flags[@]}" bash -p "$script" "$@"; fi
}

# The scripts read messages, sorted lists and numbers, so the user's locale only decides which
# characters the terminal shows. bash warns of a locale that this machine lacks.
choose_locale() {
  local characters=${LC_ALL:-${LC_CTYPE:-${LANG:-C}}}
  unset "${!LC_@}"
  export LANG=C LC_CTYPE=$characters
}

read_decisions "$library/../limiterbench/common/environment.txt"
drop_variables "$@"
choose_locale 2>/dev/null
