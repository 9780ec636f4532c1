# shellcheck shell=bash
# packs a bundle, measures with it in a bare root, draws that here
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure run
  if ! mounting true; then
    say "NOT TRIED: the bundle in a bare root needs leave to make one (root, or user namespaces)"
    return 0
  fi
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf ${scratch@Q}" EXIT
  step "pack" pack
  step "bare root" make_bare_root "$scratch/root"
  step "measure there" measure_bare
  step "draw here" draw_bare
}

pack() {
  "$root/scripts/bundle" --no-install >"$scratch/archive" || return
  mkdir -p "$scratch/root"
  tar -C "$scratch/root" -xzf "$(cat "$scratch/archive")" --transform 's,^[^/]*,bundle,'
}

# copy_here FILE...: at the same path below the bare root, with the libraries that they need.
copy_here() {
  { printf '%s\n' "$@" && { ldd "$@" | grep -oE '/[^ :]+' || true; }; } |
    sort -u | xargs cp -L --parents --target-directory "$scratch/root"
}

make_bare_root() { # make_bare_root FOLDER
  local stdlib glibc
  glibc=$(dirname "$(ldd "$PYTHON" | grep -oE '/[^ ]*/libc\.so\.6')") || return
  stdlib=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') || return
  mkdir -p "$1"/{proc,sys,dev,tmp,usr/bin,bin} "$1$stdlib"
  copy_here /bin/sh "$(command -v readlink)" "$PYTHON" &&
    cp -r "$stdlib/." "$1$stdlib/" && rm -rf "$1$stdlib"/{dist,site}-packages &&
    copy_here "$glibc"/lib{c,m,pthread,dl,rt,resolv,util}.so.? "$stdlib"/lib-dynload/*.so || return
  if find "$1" -path "$1/bundle" -prune -o -name '*hwloc*' -print -o -name 'libstdc++*' -print |
    grep . >&2; then
    say "the root is not bare"
    return 1
  fi
}

measure_bare() {
  copy_here "$(command -v env)"
  local module
  for module in rich numpy matplotlib; do
    if in_root "$scratch/root" "$PYTHON" -c "import $module" 2>/dev/null; then
      say "the root is not bare: Python finds $module"
      return 1
    fi
  done
  in_root "$scratch/root" /bundle/scripts/doctor &&
    in_root "$scratch/root" /bundle/scripts/run --scenario steady --repetitions 2 --seconds 0.02 --out /tmp/run
}

draw_bare() {
  "$root/scripts/plot" --no-install "$scratch/root/tmp/run" &&
    test -s "$scratch/root/tmp/run/figures/scaling_steady.svg"
}
