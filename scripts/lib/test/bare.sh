# shellcheck shell=bash
# SUITE: the README's commands in a bare Debian, bookworm or trixie
bare_suites=(bookworm trixie)

run_kind() {
  if (($# != 1)) || ! printf '%s\n' "${bare_suites[@]}" | grep -qxF -- "$1"; then
    refuse "test: --bare takes one of Debian's releases: ${bare_suites[*]}"
  fi
  has_apt || refuse "test: --bare asks apt where Debian's packages are; there is no apt-get"
  if ((EUID != 0)) || ! mounting true; then
    refuse "NOT TRIED: only root can make a bare Debian, where it may mount"
  fi
  bare=$root/build/bare-$1
  step "setup" ensure bare
  trap 'rm -rf "$bare"' EXIT
  step "$1" make_debian "$1"
  step "clone" clone_head
  step "./scripts/run" in_debian ./scripts/run
  step "all designs" all_designs
  step "./scripts/test" in_debian ./scripts/test
  step "no warning" no_warning
}

# mirror: where this machine's apt finds Debian, if its lists say so.
mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(ORIGIN)/$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian/Debian" && !found { print $2; found = 1 }'
}

make_debian() { # make_debian SUITE
  local from proxy=
  from=$(mirror)
  if [[ -z $from ]]; then
    quietly apt-update apt_get update || return
    from=$(mirror)
  fi
  [[ -n $from ]] || refuse "NOT TRIED: this machine's apt has no source of Debian's packages"
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [[ -n $proxy ]]; then export http_proxy=$proxy; fi

  rm -rf "$bare"
  mkdir -p "$bare" "$root/build/bare-packages"
  # With certificates if it is asked through TLS: apt in there trusts whom it trusts here.
  local include=()
  if [[ $from == https:* ]]; then include=(--include=ca-certificates); fi
  quietly "debootstrap-$1" mounting debootstrap --variant=minbase "${include[@]}" \
    --cache-dir="$root/build/bare-packages" "$1" "$bare" "$from" &&
    cp /etc/resolv.conf /etc/hosts "$bare/etc/" &&
    apt-config dump | grep '^Acquire::' >"$bare/etc/apt/apt.conf.d/00-as-outside" || return
  if [[ $from == https:* ]]; then
    cp -r /usr/local/share/ca-certificates "$bare/usr/local/share/" &&
      quietly "certificates-$1" in_root "$bare" update-ca-certificates
  fi
}

clone_head() {
  git -C "$root" diff --quiet HEAD || say "what is not committed is left out"
  git clone --quiet "$root" "$bare/limiterbench"
}

in_debian() { # in_debian COMMAND...: in the clone; nothing comes from outside but the way to packages
  local name settings=(HOME=/root)
  for name in http_proxy https_proxy no_proxy; do
    if [[ -n ${!name:-} ]]; then settings+=("$name=${!name}"); fi
  done
  # shellcheck disable=SC2016
  in_root "$bare" "${settings[@]}" sh -c 'cd /limiterbench && exec "$@"' sh "$@"
}

all_designs() { in_debian build/release/limiterbench --list=json | has_all_designs; }

# Where there is no log nothing was searched, which is no pass: grep says 2.
no_warning() {
  local status=0
  grep -in 'warning' "$bare"/limiterbench/build/logs/{configure,build}-*.log || status=$?
  ((status == 1))
}
