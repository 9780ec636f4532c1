# shellcheck shell=bash
# Named steps, each with its time; the first that fails ends the command.

step() { # step NAME COMMAND...
  local name=$1 begin=$SECONDS status=0
  say "== $name"
  # A shell of its own would lose the counts of passed tests, so steps chain with && instead of
  # relying on errexit, which is off inside a condition.
  "${@:2}" || status=$?
  if ((status != 0)); then
    close_suites || true
    say "== $name: FAILED after $((SECONDS - begin)) s"
    exit "$status"
  fi
  say "== $name: $((SECONDS - begin)) s"
}
