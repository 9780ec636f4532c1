# shellcheck shell=bash
# Packs the program and all that it needs into one archive.

# Part of glibc, which belongs to the machine that measures.
of_glibc='^(ld-linux.*|lib(c|m|pthread|dl|rt|resolv|util|anl)\.so\..*)$'

copy_libraries() { # copy_libraries FOLDER
  local name path
  mkdir -p "$1"
  while read -r name path; do
    if [[ ! $name =~ $of_glibc ]]; then cp -L "$path" "$1/$name" || return; fi
  done < <(ldd "$LIMITERBENCH_PROGRAM" | awk '$2 == "=>" { print $1, $3 }')
}

glibc_of() { # glibc_of FOLDER: the version that the files below it ask for
  find "$1" -type f -exec objdump -T {} + | grep -oE 'GLIBC_2\.[0-9]+' | sort -uV | tail -n 1
}

# The folder is filled under a name of its own and packed at once: an archive is whole or absent.
bundle() {
  local commit name stage glibc archive
  commit=$("$LIMITERBENCH_PROGRAM" --version | sed -E 's/^[^(]*\(([^)]*)\).*/\1/')
  name=limiterbench-$commit-$(uname -m)
  archive=$root/dist/$name.tar.gz
  mkdir -p "$root/dist"
  stage=$(mktemp -d "$root/dist/.$name.XXXX")
  # shellcheck disable=SC2064
  trap "rm -rf ${stage@Q}" EXIT

  mkdir -p "$stage/$name/program" "$stage/$name/scripts"
  cp "$LIMITERBENCH_PROGRAM" "$stage/$name/program/"
  copy_libraries "$stage/$name/program/lib"
  glibc=$(glibc_of "$stage/$name/program")
  mkdir "$stage/$name/program/layouts"
  echo "a bundle holds one layout of the program" >"$stage/$name/program/layouts/absent"
  cp -rL "$root/scripts/limiterbench" "$stage/$name/scripts/"
  find "$stage/$name/scripts" -name __pycache__ -prune -exec rm -r {} +
  cp "$root/scripts/lib/bundle/command" "$stage/$name/scripts/run"
  cp "$root/scripts/lib/bundle/command" "$stage/$name/scripts/doctor"
  cp "$root/LICENSE" "$stage/$name/"
  sed "s/@GLIBC@/${glibc#GLIBC_}/; s/@COMMIT@/$commit/" "$root/scripts/lib/bundle/README.md" \
    >"$stage/$name/README.md"

  tar -C "$stage" --owner=0 --group=0 --sort=name -czf "$archive.partial" "$name"
  mv "$archive.partial" "$archive"
  say "needs glibc >= ${glibc#GLIBC_} and Python >= 3.9; README.md in it says how to measure"
  realpath --relative-to=. "$archive"
}
