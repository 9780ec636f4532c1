# shellcheck shell=bash
# [SECONDS]: a virtual machine of 64 CPUs; at most so long (600)
run_kind() {
  (($# <= 1)) || refuse "test: unexpected argument '$2'"
  local limit=${1:-600}
  [[ $limit =~ ^[1-9][0-9]*$ ]] || refuse "test: --virtual takes whole seconds, not '$limit'"
  has_apt || refuse "test: --virtual takes its kernel from Debian's packages; there is no apt-get"
  [[ $(uname -m) == x86_64 ]] || refuse "test: --virtual runs this machine's program: x86-64 only"
  guest=$root/build/virtual
  step "setup" ensure virtual
  step "kernel" unpack_packages amd64 "$root/build/virtual-packages" \
    linux-image-cloud-amd64 busybox-static
  step "build" build release limiterbench_misplace -DLIMITERBENCH_TESTS=ON
  step "image" make_virtual_image
  step "64 CPUs" boot_virtual "$limit"
  step "checks" all_pass suite virtual run_pytest_of virtual
  close_suites
}

make_virtual_image() {
  local packages=$root/build/virtual-packages build=$root/build/release
  rm -rf "$guest"
  add_own_libraries "$build/limiterbench" &&
    make_image "$guest" "$packages" "$root/tests/virtual/init" \
      "$build/limiterbench" "$build/tests/libmisplace.so"
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
boot_virtual() { # boot_virtual SECONDS
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
  boot "$guest" "$1" isa-serial qemu-system-x86_64 -machine q35 -accel tcg,thread=multi \
    -cpu max,vendor=GenuineIntel -smp 64,sockets=2,dies=2,cores=8,threads=2 -m 2G "${numa[@]}" \
    -append "console=ttyS0 quiet panic=-1 nowatchdog"
}
