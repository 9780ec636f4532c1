# shellcheck shell=bash
# A bare root for a test: a folder whose processes see nothing outside it but the kernel's files.

mounting() { # mounting COMMAND...: what it mounts is seen by nobody else, and is gone when it ends
  local wrapper=(unshare --mount)
  if ((EUID != 0)); then wrapper+=(--map-root-user); fi
  "${wrapper[@]}" "$@"
}

in_root() { # in_root FOLDER [NAME=VALUE...] COMMAND...
  # shellcheck disable=SC2016
  mounting sh -c '
    cd "$0" && mount --rbind /proc proc && mount --rbind /sys sys && mount --rbind /dev dev &&
      exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$@"
}
