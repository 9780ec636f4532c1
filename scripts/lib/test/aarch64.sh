# shellcheck shell=bash
# cross-build for 64-bit Arm; conformance and unit tests, emulated
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  has_apt || refuse "test: --aarch64 takes its libraries from Debian's packages; there is no apt-get"
  arm=$root/build/aarch64-machine
  step "setup" ensure aarch64
  step "libraries" unpack_libraries
  step "kernel" unpack_packages arm64 "$arm-packages" linux-image-cloud-arm64 busybox-static
  step "build" build aarch64
  step "tests" all_pass suite aarch64 run_ctest aarch64
  step "image" make_arm_image
  step "restartable sequences" all_pass run_on_arm_kernel
  close_suites
}

# Peers are left out.
unpack_libraries() {
  unpack_packages arm64 "$root/build/aarch64-libraries" libhwloc-dev libhwloc15 libudev1 libcap2 \
    libbenchmark-dev libbenchmark1debian nlohmann-json3-dev libgtest-dev
}

# The emulator of single programs has no restartable sequences; a whole machine's kernel has.
on_arm_kernel=(rseq_test leased_test conformance_test)

make_arm_image() {
  local library libraries
  libraries=$(aarch64-linux-gnu-g++ -print-file-name=libc.so.6)
  rm -rf "$arm"
  mkdir -p "$arm/root/lib"
  for library in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libgcc_s.so.1 libstdc++.so.6; do
    cp -L "$(dirname "$libraries")/$library" "$arm/root/lib" || return
  done
  make_image "$arm" "$arm-packages" "$root/tests/aarch64/init" \
    "${on_arm_kernel[@]/#/$root/build/aarch64/tests/}"
}

run_on_arm_kernel() {
  local program
  boot "$arm" 600 pci-serial qemu-system-aarch64 -machine virt -accel tcg,thread=multi \
    -cpu neoverse-n1 -smp 4 -m 1G -append "console=ttyAMA0 quiet panic=-1 nowatchdog" || return
  for program in "${on_arm_kernel[@]}"; do
    suite "arm-kernel-$program" read_report "$program"
  done
}

# GoogleTest's report counts all suites together in its root. A skipped test is one that found no
# restartable sequences.
read_report() { # read_report PROGRAM
  sed 's/<testsuites /<testsuite /' "$arm/results/$1.xml" >"$junit" &&
    (($(cat "$arm/results/$1.status") == 0)) && ! grep -q '<skipped' "$junit"
}
