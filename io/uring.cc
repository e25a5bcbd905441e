#include "io/uring.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <span>
#include <system_error>

#include "io/file.h"

namespace headrace::io {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
// The probe does operations that cannot wait for anything; a second is for ever.
constexpr int64_t kProbeWaitNs = kNsPerSecond;
constexpr int kProbeRefusalsMax = 10;

#ifndef IORING_SETUP_SUBMIT_ALL
#define IORING_SETUP_SUBMIT_ALL (1U << 7)
#endif

// kernel.io_uring_disabled: 0 everybody, 1 members of a group, 2 nobody; -1 when there is none.
int UringDisabledSysctl() {
  int value = -1;
  std::FILE* file = std::fopen("/proc/sys/kernel/io_uring_disabled", "re");
  if (file == nullptr) return value;
  if (std::fscanf(file, "%d", &value) != 1) value = -1;
  std::fclose(file);
  return value;
}

Status StatusOfSetupErrno(int error_number) {
  switch (error_number) {
    case ENOSYS:
      return Status(Code::kSystem,
                    "io_uring_setup is not there (a kernel without io_uring, or a seccomp filter)",
                    ENOSYS);
    case EPERM:
    case EACCES:
      if (UringDisabledSysctl() > 0) {
        return Status(Code::kSystem, "io_uring_setup is denied (by kernel.io_uring_disabled)",
                      error_number);
      }
      return Status(Code::kSystem,
                    "io_uring_setup is denied (by a seccomp filter, as containers have)",
                    error_number);
    case ENOMEM:
      return Status(Code::kSystem,
                    "io_uring_setup got no memory (memlock limit, ulimit -l, or memory is short)",
                    ENOMEM);
    case EMFILE:
    case ENFILE:
      return Status(Code::kSystem, "no file descriptor left for io_uring (ulimit -n)",
                    error_number);
    default: return Status(Code::kSystem, "io_uring_setup failed", error_number);
  }
}

// Flags, best first; a kernel that does not know one answers EINVAL. SUBMIT_ALL (5.18): one bad
// entry does not hold back the others. Not COOP_TASKRUN and not SINGLE_ISSUER: a link goes on in
// the thread that submitted it, and with the former only when that thread happens to enter the
// kernel, so that a reader whose thread decodes or sleeps in between would leave its cold files
// unread, and another thread that drains would wait for it; with the latter no other thread could
// drain at all.
constexpr std::array<uint32_t, 2> kSetupFlags = {IORING_SETUP_SUBMIT_ALL, 0};

// Constants, because the kernel copies them when it takes the submission, not when it is queued;
// liburing's signature lacks the const. A direct descriptor is in no table that exec could inherit:
// O_CLOEXEC is refused for it.
constexpr open_how kDirectOpen = {.flags = kSampleOpenFlags, .mode = 0, .resolve = RESOLVE_BENEATH};
constexpr open_how kPlainOpen = {
    .flags = kSampleOpenFlags | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_BENEATH};

bool HasOperations(io_uring* ring) {
  io_uring_probe* probe = ::io_uring_get_probe_ring(ring);
  if (probe == nullptr) return false;
  bool all = true;
  for (const int op : {IORING_OP_OPENAT2, IORING_OP_READ, IORING_OP_CLOSE, IORING_OP_FADVISE,
                       IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL}) {
    all = all && ::io_uring_opcode_supported(probe, op) != 0;
  }
  ::io_uring_free_probe(probe);
  return all;
}

// Opening and reading the root directory itself shows everything that a file would: the table, the
// links (kernels before 5.19 look the descriptor up too early and say EBADF), and the hard link
// that closes after a failed read.
bool ChainsWork(Ring& ring) {
  if (ring.MakeDirectTable(1) != 1) return false;
  std::array<char, 8> buffer;  // a directory writes nothing into it
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  QueueChain(ring,
             {.folder = root.get(), .path = ".", .buffer = buffer.data(), .bytes = buffer.size()},
             0, 0);
  std::array<int, kChainOps> results;
  results.fill(INT32_MAX);
  int refusals = 0;
  for (unsigned seen = 0; seen < kChainOps;) {
    const int error = ring.EnterAndWait(kProbeWaitNs);
    const bool passing = error == -EINTR || error == -EAGAIN || error == -EBUSY;
    if (error != 0 && (!passing || ++refusals > kProbeRefusalsMax)) return false;
    io_uring_cqe* cqe = nullptr;
    for (; ::io_uring_peek_cqe(ring.raw(), &cqe) == 0; ++seen) {
      if (cqe->user_data < kChainOps) results[cqe->user_data] = cqe->res;
      ::io_uring_cqe_seen(ring.raw(), cqe);
    }
  }
  return results == std::array<int, kChainOps>{0, 0, -EISDIR, 0};
}

}  // namespace

void QueueOpen(Ring& ring, int folder, const char* path, uint64_t user_data, unsigned extra_flags) {
  io_uring_sqe* sqe = ring.NextSqe();
  ::io_uring_prep_openat2(sqe, folder, path, const_cast<open_how*>(&kPlainOpen));
  sqe->flags = static_cast<uint8_t>(sqe->flags | extra_flags);
  ::io_uring_sqe_set_data64(sqe, user_data);
}

void QueueChain(Ring& ring, const ChainTarget& target, uint64_t user_data_base,
                unsigned extra_flags) {
  const auto finish = [&](io_uring_sqe* sqe, ChainOp op, unsigned flags) {
    sqe->flags = static_cast<uint8_t>(sqe->flags | flags | extra_flags);
    ::io_uring_sqe_set_data64(sqe, user_data_base + static_cast<uint64_t>(op));
  };

  io_uring_sqe* sqe = ring.NextSqe();
  ::io_uring_prep_openat2_direct(sqe, target.folder, target.path,
                                 const_cast<open_how*>(&kDirectOpen), target.direct_slot);
  finish(sqe, ChainOp::kOpen, IOSQE_IO_LINK);

  // The guard: this advice fails with ESPIPE on a FIFO, whose read could wait for ever, and costs
  // next to nothing otherwise. For regular files it doubles the read-ahead, which suits us.
  sqe = ring.NextSqe();
  ::io_uring_prep_fadvise(sqe, static_cast<int>(target.direct_slot), 0, 0, POSIX_FADV_SEQUENTIAL);
  finish(sqe, ChainOp::kGuard, IOSQE_FIXED_FILE | IOSQE_IO_LINK);

  // A hard link: the read asks for more than the file has, and a plain link breaks on that.
  sqe = ring.NextSqe();
  ::io_uring_prep_read(sqe, static_cast<int>(target.direct_slot), target.buffer, target.bytes,
                       target.offset);
  finish(sqe, ChainOp::kRead, IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK);

  sqe = ring.NextSqe();
  ::io_uring_prep_close_direct(sqe, target.direct_slot);
  finish(sqe, ChainOp::kClose, 0);
}

Status Ring::Open(unsigned sqe_count, uint32_t setup_flags) {
  io_uring_params params{};
  params.flags = setup_flags;
  const int error = ::io_uring_queue_init_params(sqe_count, &ring_, &params);
  if (error < 0) return StatusOfSetupErrno(-error);
  open_ = true;
  // A forked child must not share the queues; it gets no access to them at all.
  if (::io_uring_ring_dontfork(&ring_) < 0) {
    return Status(Code::kSystem, "the io_uring queues could not be kept from forked children");
  }
  return Status();
}

unsigned Ring::MakeDirectTable(unsigned count) {
  // The kernel refuses tables larger than the descriptor limit, and liburing would answer that by
  // raising the limit of the whole process: not ours to do.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    count = static_cast<unsigned>(std::min<rlim_t>(count, limit.rlim_cur));
  }
  if (count == 0) return 0;
  return ::io_uring_register_files_sparse(&ring_, count) == 0 ? count : 0;
}

int Ring::Enter() {
  if (queued() == 0) return 0;
  const int result = ::io_uring_submit(&ring_);
  return result < 0 ? result : 0;
}

int Ring::EnterAndWait(int64_t timeout_ns) {
  int result;
  if (timeout_ns < 0) {
    result = ::io_uring_submit_and_wait(&ring_, 1);
  } else {
    __kernel_timespec limit{timeout_ns / kNsPerSecond, timeout_ns % kNsPerSecond};
    io_uring_cqe* cqe = nullptr;
    result = ::io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr);
  }
  return result < 0 ? result : 0;
}

UringSupport ProbeUring() {
  UringSupport support;
  Ring ring;
  bool is_open = false;
  for (size_t i = 0; i < kSetupFlags.size() && !is_open; ++i) {
    support.setup_flags = kSetupFlags[i];
    support.status = ring.Open(2 * kChainOps, kSetupFlags[i]);
    is_open = support.status.ok();
    if (!is_open && support.status.error_number() != EINVAL) break;
  }
  if (!is_open) return support;

  // NODROP (5.5): completions are never lost. EXT_ARG (5.11): a wait with a time limit is one call.
  constexpr uint32_t kFeatures =
      IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;
  if ((ring.raw()->features & kFeatures) != kFeatures || !HasOperations(ring.raw())) {
    support.status = Status(Code::kSystem, "this kernel's io_uring is too old (5.11 is needed)");
    return support;
  }
  support.usable = true;
  support.direct_chains = ChainsWork(ring);
  return support;
}

std::string ToText(const UringSupport& support) {
  if (!support.usable) {
    std::string text = support.status.text();
    const int error_number = support.status.error_number();
    if (error_number != 0) text += ": " + std::generic_category().message(error_number);
    return text;
  }
  return support.direct_chains ? "open, read, close linked on direct descriptors"
                               : "open, read, close one by one (no linked direct descriptors here)";
}

}  // namespace headrace::io
