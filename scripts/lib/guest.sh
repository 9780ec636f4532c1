# shellcheck shell=bash
# A virtual machine for a test: Debian's kernel, a first process of ours, programs and the libraries
# that they need. What that process writes to the serial port of the results comes back as files.

# make_image FOLDER PACKAGES INIT PROGRAM...: FOLDER/kernel, from the unpacked packages, and
# FOLDER/image with what is in FOLDER/root already, busybox, the first process and the programs.
make_image() {
  local tree=$1/root
  mkdir -p "$tree"/{bin,dev,proc,sys,results} "$1/results"
  cp "$2"/boot/vmlinuz-* "$1/kernel" && cp "$2/bin/busybox" "$tree/bin" && cp "$3" "$tree/init" &&
    cp "${@:4}" "$tree/bin" &&
    (cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$1/image"
}

# With many emulated CPUs a kernel now and then loses a timer while it starts, and waits for ever or
# panics: then its first process never speaks, and the machine is started again.
boot_patience=60
boot_tries=3

speaks() { # speaks CONSOLE PROCESS: once it has, or failing when it has ended
  local end=$((SECONDS + boot_patience))
  while kill -0 "$2" 2>/dev/null; do
    if grep -q 'guest: ' "$1"; then return 0; fi
    if ((SECONDS >= end)); then return 1; fi
    sleep 1
  done
  grep -q 'guest: ' "$1"
}

# boot FOLDER SECONDS PORT QEMU ARGUMENT...: FOLDER/results holds what was sent through the serial
# PORT. Fails, and shows the console, if that is nothing whole or the machine did not end in time.
boot() {
  local folder=$1 end=$((SECONDS + $2)) left status=0 try machine
  for ((try = 1; try <= boot_tries; ++try)); do
    : >"$folder/console.log"
    # To `timeout`, 0 is for ever.
    left=$((end > SECONDS ? end - SECONDS : 1))
    timeout --kill-after=5 "$left" "${@:4}" -kernel "$folder/kernel" \
      -initrd "$folder/image" -no-reboot -nodefaults -display none \
      -serial "file:$folder/console.log" \
      -chardev "file,id=results,path=$folder/results.tar" -device "$3,chardev=results" \
      </dev/null >"$folder/qemu.log" 2>&1 &
    machine=$!
    # shellcheck disable=SC2064
    trap "kill $machine 2>/dev/null" EXIT
    if speaks "$folder/console.log" "$machine" || ((try == boot_tries)); then break; fi
    say "the virtual machine did not start; once more"
    kill "$machine" 2>/dev/null || true
    wait "$machine" || true
  done
  wait "$machine" || status=$?
  trap - EXIT
  if ((status == 0)) && tar -x -C "$folder/results" -f "$folder/results.tar" 2>>"$folder/qemu.log"
  then return 0; fi
  tail -n 20 "$folder/qemu.log" >&2
  tr -cd '[:print:]\n' <"$folder/console.log" | tail -n 40 >&2
  if ((status == 124)); then
    say "the virtual machine did not end within $2 s; its console ended as above"
  else
    say "the virtual machine sent no whole results (status $status); its console ended as above"
  fi
  say "its whole console: $folder/console.log"
  return 1
}
