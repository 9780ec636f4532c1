# shellcheck shell=bash
# MINUTES (default 10): every row, random load, reloads, preemption
run_kind() {
  (($# <= 1)) || refuse "test: unexpected argument '$2'"
  local minutes=${1:-10} seed=$((RANDOM + 1))
  ensure test
  build release limiterbench_soak -DLIMITERBENCH_TESTS=ON
  "$root/build/release/tests/limiterbench_soak" --minutes "$minutes" --seed "$seed"
}
