# shellcheck shell=bash
# Where the project is, and how a command speaks.
set -euo pipefail

root=${script%/scripts/*}
logs=$root/build/logs

say() { printf '%s\n' "$*" >&2; }

# 2: what the caller asked for, or the machine, does not allow it; nothing was measured or tested.
refuse() {
  say "$*"
  exit 2
}

# The lines of the calling command's own head comment.
show_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"; }

# quietly NAME COMMAND...: output to a log, shown only when the command fails. Where the log cannot
# be written the command does not start: an older log would be shown as its output.
quietly() {
  local log=$logs/$1.log status=0
  shift
  if ! mkdir -p "$logs" || ! : >"$log"; then
    say "not started, for want of a log: $*"
    return 1
  fi
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    tail -n 60 "$log" >&2
    say "failed with status $status: $*"
    say "the whole output: $log"
    return "$status"
  fi
}
