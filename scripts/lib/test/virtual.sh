# shellcheck shell=bash
# [SECONDS]: virtual machines of 64 CPUs and of uneven memory; each at most so long (1800)
run_kind() {
  (($# <= 1)) || refuse "test: unexpected argument '$2'"
  local limit=${1:-1800}
  [[ $limit =~ ^[1-9][0-9]*$ ]] || refuse "test: --virtual takes whole seconds, not '$limit'"
  has_apt || refuse "test: --virtual takes its kernel from Debian's packages; there is no apt-get"
  [[ $(uname -m) == x86_64 ]] || refuse "test: --virtual runs this machine's program: x86-64 only"
  guest=$root/build/virtual
  step "setup" ensure virtual
  step "kernel" unpack_packages amd64 "$root/build/virtual-packages" \
    linux-image-cloud-amd64 busybox-static
  step "build" build release limiterbench_guest -DLIMITERBENCH_TESTS=ON
  step "image" make_virtual_image
  step "64 CPUs" boot_big "$limit"
  step "uneven memory" boot_uneven "$limit"
  step "checks" all_pass suite virtual run_pytest_of virtual
  close_suites
}

make_virtual_image() {
  local packages=$root/build/virtual-packages build=$root/build/release
  rm -rf "$guest"
  add_own_libraries "$build/limiterbench" &&
    make_image "$guest" "$packages" "$root/tests/virtual/init" \
      "$build/limiterbench" "$build/tests/libmisplace.so" \
      "$build/tests/deny_calls" "$root"/tests/virtual/{big,uneven}
}

add_own_libraries() { # add_own_libraries PROGRAM: what it loads here, at the same places
  local library
  while read -r library; do
    mkdir -p "$guest/root$(dirname "$library")" && cp -L "$library" "$guest/root$library" || return
  done < <(ldd "$1" | grep -oE '[[:space:]]/[^ :]+')
}

# 2 packages of 2 dies of 8 cores of 2 threads, a NUMA node on each die. Under another vendor's name
# the guest's kernel finds neither the dies nor the threads. Nothing in there may be slow enough for
# a watchdog to be right.
boot_big() { # boot_big SECONDS
  local node other distance numa=()
  for node in 0 1 2 3; do
    numa+=(-object "memory-backend-ram,id=memory$node,size=512M" -numa
      "node,nodeid=$node,cpus=$((16 * node))-$((16 * node + 15)),memdev=memory$node")
  done
  for node in 0 1 2 3; do
    for other in 0 1 2 3; do
      distance=$((node == other ? 10 : node / 2 == other / 2 ? 12 : 32))
      numa+=(-numa "dist,src=$node,dst=$other,val=$distance")
    done
  done
  boot_layout big "$guest" "$1" -smp 64,sockets=2,dies=2,cores=8,threads=2 -m 2G "${numa[@]}"
}

# 3 packages of 4 cores. The second one's node has no memory, and the last node has no CPU.
boot_uneven() { # boot_uneven SECONDS
  local node memory=(512M "" 256M 256M) cpus=(0-3 4-7 8-11 "") numa=()
  for node in 0 1 2 3; do
    [[ -z ${memory[node]} ]] ||
      numa+=(-object "memory-backend-ram,id=memory$node,size=${memory[node]}")
    numa+=(-numa
      "node,nodeid=$node${cpus[node]:+,cpus=${cpus[node]}}${memory[node]:+,memdev=memory$node}")
  done
  mkdir -p "$guest/uneven/results"
  ln -sf ../kernel ../image "$guest/uneven"
  boot_layout uneven "$guest/uneven" "$1" -smp 12,sockets=3,cores=4 -m 1G "${numa[@]}"
}

boot_layout() { # boot_layout NAME FOLDER SECONDS QEMU'S FLAG...
  boot "$2" "$3" isa-serial qemu-system-x86_64 -machine q35 -accel tcg,thread=multi \
    -cpu max,vendor=GenuineIntel "${@:4}" \
    -append "console=ttyS0 quiet panic=-1 nowatchdog no_timer_check layout=$1"
}
