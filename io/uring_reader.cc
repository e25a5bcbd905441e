#include "io/uring_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/clock.h"
#include "io/read_rules.h"
#include "io/uring_state.h"

namespace headrace::io {
namespace {

constexpr uint32_t kQueueLenMax = 4096;
// Per slot at most: a chain, and two cancels. Two more for the wake-up and its repetition. So the
// submission queue is never full, and the completion queue, twice as long, never overflows.
constexpr uint32_t kPlacesPerSlot = kChainOps + 2;
constexpr uint32_t kPlacesBesides = 2;
// The kernel's limit of submission entries.
static_assert(kQueueLenMax * kPlacesPerSlot + kPlacesBesides <= 32768);

// Consecutive refusals of io_uring_enter (memory is short), a millisecond apart, before the ring is
// given up.
constexpr uint32_t kFailedEntersMax = 1000;
constexpr int kNapMs = 1;

// How long a destructor waits for reads that nobody drained.
constexpr int64_t kLastDrainNs = 1'000'000'000;

std::atomic<UringReader::State*> parked_states{nullptr};

// Operations are tried inline first, which must not wait for a device or a server. Local file
// systems honour that. Others may not, and a stuck server would then hold the thread that submits:
// there the kernel's workers do all of it.
unsigned AsyncFlagFor(int fd) {
  struct statfs about;
  if (::fstatfs(fd, &about) != 0) return IOSQE_ASYNC;
  switch (static_cast<uint32_t>(about.f_type)) {
    case 0xEF53:      // ext2, ext3, ext4
    case 0x58465342:  // xfs
    case 0x9123683E:  // btrfs
    case 0xF2F52010:  // f2fs
    case 0x01021994:  // tmpfs
    case 0x794C7630:  // overlayfs
      return 0;
    default: return IOSQE_ASYNC;
  }
}

}  // namespace

unsigned UringReader::State::AsyncFlagOf(int fd) {
  KnownFile& place = known_files_[static_cast<size_t>(fd) % known_files_.size()];
  if (place.fd == fd) return place.async_flag;
  place = {fd, AsyncFlagFor(fd)};
  system_calls_.fetch_add(1, std::memory_order_relaxed);
  return place.async_flag;
}

Status UringReader::State::Open(const UringSupport& support, const UringReaderOptions& options) {
  uint32_t queue_len = std::clamp(options.queue_len, uint32_t{1}, kQueueLenMax);
  HR_TRY(ring_.Open(queue_len * kPlacesPerSlot + kPlacesBesides, support.setup_flags));
  if (support.direct_chains && options.direct_chains) {
    const unsigned table_len = ring_.MakeDirectTable(queue_len);
    direct_chains_ = table_len > 0;
    if (direct_chains_) queue_len = table_len;
  }
  async_flag_ = AsyncFlagFor(root_.fd());
  wake_event_.Reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_event_.valid()) {
    return Status(Code::kSystem, "no file descriptor left for io_uring (ulimit -n)", errno);
  }
  slots_.resize(queue_len);
  ready_.resize(queue_len);
  free_.reserve(queue_len);
  for (uint32_t index = queue_len; index > 0; --index) free_.push_back(index - 1);
  return Status();
}

size_t UringReader::State::Reap(std::span<ReadCompletion> out, int64_t timeout_ns) {
  if (parked_ || out.empty() || in_flight() == 0) return 0;
  const int64_t start_ns = timeout_ns > 0 ? NowNs() : 0;
  bool entered = false;
  for (;;) {
    Collect();
    if (ready_count_ != 0) {
      // What was queued meanwhile must not wait for the next call.
      if (ring_.queued() != 0) EnterKernel(0);
      return TakeReady(out);
    }
    if (timeout_ns == 0) {
      if (entered || ring_.queued() == 0) return 0;
      EnterKernel(0);
      entered = true;
      continue;
    }
    if (TakeWake()) return 0;
    const int64_t left_ns = timeout_ns < 0 ? -1 : timeout_ns - (NowNs() - start_ns);
    if (timeout_ns > 0 && left_ns <= 0) return 0;
    QueueWakePoll();
    EnterKernel(left_ns);
  }
}

size_t UringReader::State::TakeReady(std::span<ReadCompletion> out) {
  const size_t count = std::min(out.size(), ready_count_);
  for (size_t i = 0; i < count; ++i) {
    out[i] = ready_[ready_first_];
    ready_first_ = (ready_first_ + 1) % ready_.size();
  }
  ready_count_ -= count;
  return count;
}

void UringReader::State::Collect() {
  // Copied out first: what a completion leads to may queue operations and must not run while the
  // kernel's queue is being walked.
  constexpr unsigned kBatch = 64;
  io_uring_cqe* found[kBatch];
  struct {
    uint64_t user_data;
    int32_t result;
  } list[kBatch];
  for (;;) {
    const unsigned count = ::io_uring_peek_batch_cqe(ring_.raw(), found, kBatch);
    if (count == 0) return;
    for (unsigned i = 0; i < count; ++i) list[i] = {found[i]->user_data, found[i]->res};
    ::io_uring_cq_advance(ring_.raw(), count);
    for (unsigned i = 0; i < count; ++i) Dispatch(list[i].user_data, list[i].result);
  }
}

void UringReader::State::EnterKernel(int64_t wait_ns) {
  if (ring_broken_) return WaitOutside(wait_ns);
  system_calls_.fetch_add(1, std::memory_order_relaxed);
  const int error = wait_ns == 0 ? ring_.Enter() : ring_.EnterAndWait(wait_ns);
  switch (error) {
    case 0:
    case -ETIME:
    case -EINTR: failed_enters_ = 0; return;
    case -EAGAIN:  // no memory for a request just now
    case -ENOMEM:
    case -EBUSY:  // completions must be collected first
      if (++failed_enters_ < kFailedEntersMax) {
        pollfd ring_event{.fd = ring_.raw()->ring_fd, .events = POLLIN, .revents = 0};
        (void)::poll(&ring_event, 1, kNapMs);
        return;
      }
      break;
    default: break;
  }
  GiveUpRing();
}

// Completions of what the kernel has may still come, without our entering it.
void UringReader::State::WaitOutside(int64_t wait_ns) {
  if (wait_ns == 0) return;
  pollfd events[2] = {{.fd = ring_.raw()->ring_fd, .events = POLLIN, .revents = 0},
                      {.fd = wake_event_.get(), .events = POLLIN, .revents = 0}};
  (void)::poll(events, 2, kNapMs);
  if ((events[1].revents & POLLIN) != 0) wake_seen_ = true;
}

// The kernel takes no more operations (a seccomp filter came late, or memory never came back).
// Those that it has not taken are failed; those that it has taken keep their buffers until they are
// over.
void UringReader::State::GiveUpRing() {
  ring_broken_ = true;
  const uint32_t taken_position = ring_.taken_position();
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    if (slot.outstanding == 0) continue;
    // Positions wrap; the difference is small.
    const int32_t ahead = static_cast<int32_t>(taken_position - slot.first_position);
    const int32_t taken = std::clamp(ahead, 0, static_cast<int32_t>(slot.operations));
    const uint32_t never_taken = slot.operations - static_cast<uint32_t>(taken);
    HR_DCHECK(never_taken <= slot.outstanding);
    slot.outstanding -= never_taken;
    if (slot.outstanding != 0 || never_taken == 0) continue;
    if (draining_) {
      Abandon(index);
    } else {
      FinishWithoutRing(index);
    }
  }
}

void UringReader::State::QueueWakePoll() {
  if (wake_armed_ || wake_seen_ || !HasPlaces(1)) return;
  io_uring_sqe* sqe = ring_.NextSqe();
  ::io_uring_prep_poll_add(sqe, wake_event_.get(), POLLIN);
  ::io_uring_sqe_set_data64(sqe, kWakeData);
  wake_armed_ = true;
}

bool UringReader::State::TakeWake() {
  if (!wake_seen_) return false;
  wake_seen_ = false;
  // The event first, then the flag: a Wake in between finds the flag set and writes nothing, and is
  // answered by this very return.
  uint64_t count = 0;
  (void)!::read(wake_event_.get(), &count, sizeof count);
  system_calls_.fetch_add(1, std::memory_order_relaxed);
  (void)wake_requested_.exchange(false, std::memory_order_acq_rel);
  return true;
}

void UringReader::State::Wake() {
  if (wake_requested_.exchange(true, std::memory_order_acq_rel)) return;
  const uint64_t one = 1;
  (void)!::write(wake_event_.get(), &one, sizeof one);
}

void UringReader::State::QueueCancels() {
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    const Slot& slot = slots_[index];
    // A close is not cancelled: it does not wait, and it would leave the file open.
    if (slot.outstanding == 0 || slot.stage == Stage::kLongClose) continue;
    const bool chain = slot.stage == Stage::kChain;
    const ChainOp ops[2] = {ChainOp::kOpen, ChainOp::kRead};
    for (unsigned i = 0; i < (chain ? 2u : 1u); ++i) {
      if (!HasPlaces(1)) return;
      const uint64_t op = chain ? static_cast<uint64_t>(ops[i]) : kOpLong;
      io_uring_sqe* sqe = ring_.NextSqe();
      ::io_uring_prep_cancel64(sqe, UserData(index, op), 0);
      ::io_uring_sqe_set_data64(sqe, kCancelData);
    }
  }
}

bool UringReader::State::Drain(int64_t timeout_ns) {
  const int64_t start_ns = NowNs();
  draining_ = true;
  ready_count_ = 0;
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].stage == Stage::kStarved) Abandon(index);
  }
  QueueCancels();
  bool entered = false;
  for (;;) {
    Collect();
    if (busy_ == 0) break;
    int64_t left_ns = timeout_ns < 0 ? -1 : timeout_ns - (NowNs() - start_ns);
    if (timeout_ns >= 0 && left_ns <= 0) {
      if (entered) {
        parked_ = true;
        return false;
      }
      left_ns = 0;  // the cancels are handed over even when there is no time to wait
    }
    EnterKernel(left_ns);
    entered = true;
  }
  draining_ = false;
  parked_ = false;
  return true;
}

ReaderStats UringReader::State::stats() const {
  return {.requests = requests_.load(std::memory_order_relaxed),
          .bytes = bytes_.load(std::memory_order_relaxed),
          .system_calls = system_calls_.load(std::memory_order_relaxed),
          .short_reads = short_reads_.load(std::memory_order_relaxed)};
}

Result<std::unique_ptr<UringReader>> UringReader::Make(RootFolder root, const UringSupport& support,
                                                       const UringReaderOptions& options) {
  if (!support.usable) return support.status;
  auto state = std::make_unique<State>(std::move(root));
  HR_TRY(state->Open(support, options));
  return std::make_unique<UringReader>(std::move(state));
}

UringReader::UringReader(std::unique_ptr<State> state)
    : state_(std::move(state)), owner_(::getpid()) {}

UringReader::~UringReader() {
  if (::getpid() == owner_ && state_->Drain(state_->is_parked() ? 0 : kLastDrainNs)) return;
  // The kernel may write into slots, buffers and queues at any time from now on. They stay; the
  // list keeps them reachable, so that leak checkers see that this is meant.
  State* state = state_.release();
  state->next_parked = parked_states.load(std::memory_order_relaxed);
  while (!parked_states.compare_exchange_weak(state->next_parked, state, std::memory_order_release,
                                              std::memory_order_relaxed)) {
  }
}

bool UringReader::Submit(const ReadRequest& request) { return state_->Submit(request); }
size_t UringReader::Reap(std::span<ReadCompletion> out, int64_t timeout_ns) {
  return state_->Reap(out, timeout_ns);
}
void UringReader::Wake() { state_->Wake(); }
size_t UringReader::in_flight() const { return state_->in_flight(); }
bool UringReader::Drain(int64_t timeout_ns) { return state_->Drain(timeout_ns); }
bool UringReader::uses_direct_chains() const { return state_->uses_direct_chains(); }
ReaderStats UringReader::stats() const { return state_->stats(); }

}  // namespace headrace::io
