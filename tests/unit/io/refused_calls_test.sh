#!/bin/sh
# I30, I31: io_uring missing, denied, out of memory, or system calls that are interrupted or refused:
# the same bytes, and the reader says why it is the one it is. Breaks the calls with strace.
#
#   refused_calls_test.sh READ_FOLDER_PROGRAM
set -u
program=$1
command -v strace >/dev/null || { echo "strace is not here"; exit 77; }
strace -f -qq -o /dev/null true 2>/dev/null || { echo "strace may not trace here"; exit 77; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
i=0
while [ $i -lt 60 ]; do
  head -c $((i * 1571)) /dev/urandom >"$work/$i.jpg" || exit 1
  i=$((i + 1))
done

failures=0
fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}
expected=$("$program" "$work" pread | sed -n 2p)
[ "${expected%% *}" = 60 ] || fail "the plain run read '$expected'"
# Sanitizers cannot look for leaks under a tracer.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
export ASAN_OPTIONS

# same NAME CHOICE PATTERN INJECTION...: the digest is the plain run's and line 1 matches PATTERN.
same() {
  name=$1 choice=$2 pattern=$3
  shift 3
  output=$(timeout 60 strace -f -qq -o /dev/null "$@" "$program" "$work" "$choice" 2>&1)
  [ "$(echo "$output" | sed -n 2p)" = "$expected" ] || fail "$name: read other bytes: $output"
  echo "$output" | sed -n 1p | grep -Eq "$pattern" || fail "$name: says '$output'"
}

if "$program" "$work" uring >/dev/null; then
  same "io_uring missing" auto "^pread: .*without io_uring.*not implemented" \
    -e inject=io_uring_setup:error=ENOSYS
  same "io_uring denied" auto "^pread: .*(seccomp|io_uring_disabled).*not permitted" \
    -e inject=io_uring_setup:error=EPERM
  same "no memory for the ring" auto "^pread: .*memlock.*allocate memory" \
    -e inject=io_uring_setup:error=ENOMEM
  same "the second ring fails" auto "^pread: .*memlock" \
    -e inject=io_uring_setup:error=ENOMEM:when=2
  same "unknown setup flags" auto "^io_uring: " -e inject=io_uring_setup:error=EINVAL:when=1
  same "no table of descriptors" auto "^io_uring: .*one by one" \
    -e inject=io_uring_register:error=EINVAL:when=2+
  same "no second table of descriptors" auto "^io_uring: .*one by one" \
    -e inject=io_uring_register:error=EINVAL:when=3+
  same "openat2 denied beside io_uring" auto "^io_uring: " -e inject=openat2:error=EPERM
  for error in EINTR EAGAIN EBUSY; do
    same "io_uring_enter: $error at first" auto "^io_uring: " \
      -e inject=io_uring_enter:error=$error:when=1..3
    same "io_uring_enter: $error now and then" auto "^io_uring: " \
      -e inject=io_uring_enter:error=$error:when=2+3
  done

  # Asked for by name, its absence is an error.
  output=$(strace -f -qq -o /dev/null -e inject=io_uring_setup:error=EPERM "$program" "$work" uring)
  [ $? -eq 1 ] || fail "uring by name, denied: exit status"
  echo "$output" | grep -Eq "^none: .*denied" || fail "uring by name, denied: '$output'"

  # Denied in the middle: what was not read is an error, all else is right, and nothing hangs.
  output=$(timeout 60 strace -f -qq -o /dev/null -e inject=io_uring_enter:error=EPERM:when=4+ \
    "$program" "$work" auto 2>/dev/null) || fail "denied in the middle: exit status $?"
  echo "$output" | sed -n 2p | grep -Eq "^60 [1-9][0-9]* .* drained" ||
    fail "denied in the middle: '$output'"
else
  echo "io_uring is not here: only pread is tested"
fi

same "interrupted preads" pread "^pread: chosen" -P "$work/30.jpg" \
  -e inject=pread64:error=EINTR:when=1..2
same "no openat2" pread "^pread: chosen" -e inject=openat2:error=ENOSYS
same "openat2 denied" pread "^pread: chosen" -e inject=openat2:error=EPERM

[ $failures -eq 0 ] || exit 1
echo "all good"
