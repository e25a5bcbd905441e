#include "io/uring_state.h"

#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "io/read_rules.h"

namespace headrace::io {
namespace {

void Count(std::atomic<uint64_t>& counter, uint64_t more) {
  counter.fetch_add(more, std::memory_order_relaxed);
}

bool AsksToTryAgain(int32_t result) { return result == -EINTR || result == -EAGAIN; }

// Says nothing about the file: interrupted, cut off by an earlier operation, or a descriptor that
// was not there yet because the kernel took only a part of the chain.
bool TellsNothing(int32_t result) {
  return AsksToTryAgain(result) || result == -ECANCELED || result == -EBADF;
}

bool OutOfDescriptors(int32_t result) { return result == -EMFILE || result == -ENFILE; }

constexpr Status kNoRing(Code::kSystem, "io_uring_enter keeps failing; the file was not read");

}  // namespace

bool UringReader::State::Submit(const ReadRequest& request) {
  if (parked_ || in_flight() == slots_.size()) return false;
  Count(requests_, 1);
  const Status refused = ring_broken_ ? kNoRing : CheckRequest(request);
  if (!refused.ok()) {
    PushReady({.tag = request.tag, .status = refused});
    return true;
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  ++busy_;
  slots_[index].request = request;
  slots_[index].tries = 0;
  slots_[index].chain_results.fill(-ECANCELED);
  // A chain is conclusive only if its read can ask for more than the file should have.
  const bool short_way = direct_chains_ && request.whole_file && request.expected_bytes > 0 &&
                         request.buffer.size() > request.expected_bytes;
  if (ReadsOpenFile(request)) {
    slots_[index].fd = -1;
    slots_[index].done = 0;
    QueueLongRead(index);
  } else if (short_way) {
    StartChain(index);
  } else {
    StartLong(index);
  }
  return true;
}

void UringReader::State::Mark(uint32_t index, Stage stage, uint32_t count) {
  Slot& slot = slots_[index];
  HR_DCHECK(slot.outstanding == 0);
  slot.stage = stage;
  slot.outstanding = count;
  slot.operations = count;
  slot.first_position = ring_.next_position();
  slot.long_result = -ECANCELED;
}

void UringReader::State::Dispatch(uint64_t user_data, int32_t result) {
  if (user_data == kCancelData) return;
  if (user_data == kWakeData) {
    wake_armed_ = false;
    wake_seen_ = wake_seen_ || result > 0;
    return;
  }
  const uint32_t index = static_cast<uint32_t>(user_data >> kOpBits);
  const uint64_t op = user_data & ((uint64_t{1} << kOpBits) - 1);
  HR_DCHECK(index < slots_.size() && slots_[index].outstanding > 0);
  Slot& slot = slots_[index];
  if (op < kChainOps) slot.chain_results[op] = result;
  if (op == kOpLong) slot.long_result = result;
  if (--slot.outstanding == 0) Advance(index);
}

void UringReader::State::Advance(uint32_t index) {
  if (draining_) return Abandon(index);
  switch (slots_[index].stage) {
    case Stage::kChain: return OnChainEnd(index);
    case Stage::kLongOpen: return OnLongOpen(index);
    case Stage::kLongRead: return OnLongRead(index);
    case Stage::kLongClose: {
      const ReadCompletion result = slots_[index].result;
      slots_[index].fd = -1;
      --open_files_;
      Finish(index, result.status, result.bytes);
      return FeedStarved();
    }
    case Stage::kFree:
    case Stage::kStarved: break;  // these have nothing outstanding
  }
}

void UringReader::State::StartChain(uint32_t index) {
  if (!HasPlaces(kChainOps)) return FinishWithoutRing(index);
  const ReadRequest& request = slots_[index].request;
  Mark(index, Stage::kChain, kChainOps);
  QueueChain(ring_,
             {.folder = root_.fd(),
              .path = request.path,
              .buffer = request.buffer.data(),
              .bytes = static_cast<unsigned>(NextReadBytes(request, 0)),
              .offset = request.offset,
              .direct_slot = index},
             UserData(index, 0), async_flag_);
}

void UringReader::State::OnChainEnd(uint32_t index) {
  const Slot& slot = slots_[index];
  const auto result = [&slot](ChainOp op) { return slot.chain_results[static_cast<size_t>(op)]; };
  const int32_t opened = result(ChainOp::kOpen);
  const int32_t read = result(ChainOp::kRead);
  if (opened < 0) {
    if (TellsNothing(opened) || OutOfDescriptors(opened)) return StartLong(index);
    return Finish(index, StatusOfOpenErrno(-opened), 0);
  }
  if (read < 0) {
    // After a guard that said no, too: the long way finds out what it is, and closes.
    if (TellsNothing(read)) return StartLong(index);
    return Finish(index, StatusOfReadErrno(-read), 0);
  }
  // As many bytes as expected, and more were asked for: that was the end of the file. Anything else
  // may be a short read, and the file is closed already, so it is read again from its start.
  if (static_cast<uint64_t>(read) == slot.request.expected_bytes) {
    return Finish(index, Status(), static_cast<uint64_t>(read));
  }
  Count(short_reads_, 1);
  StartLong(index);
}

void UringReader::State::StartLong(uint32_t index) {
  Slot& slot = slots_[index];
  // A chain that broke between its open and its close has left a file in the table.
  const bool close_direct = slot.stage == Stage::kChain &&
                            slot.chain_results[static_cast<size_t>(ChainOp::kOpen)] == 0 &&
                            slot.chain_results[static_cast<size_t>(ChainOp::kClose)] != 0;
  if (!HasPlaces(2)) return FinishWithoutRing(index);
  slot.fd = -1;
  slot.done = 0;
  Mark(index, Stage::kLongOpen, close_direct ? 2 : 1);
  if (close_direct) {
    io_uring_sqe* sqe = ring_.NextSqe();
    ::io_uring_prep_close_direct(sqe, index);
    ::io_uring_sqe_set_data64(sqe, UserData(index, kOpForget));
  }
  QueueOpen(ring_, root_.fd(), slot.request.path, UserData(index, kOpLong), async_flag_);
}

void UringReader::State::OnLongOpen(uint32_t index) {
  Slot& slot = slots_[index];
  const int32_t opened = slot.long_result;
  if (opened < 0) {
    if (AsksToTryAgain(opened) && ++slot.tries < kTriesMax) return StartLong(index);
    if (OutOfDescriptors(opened) && open_files_ > 0) {
      // One of ours will be closed; then it is this one's turn.
      slot.stage = Stage::kStarved;
      ++starved_;
      return;
    }
    Finish(index, StatusOfOpenErrno(-opened), 0);
    return FeedStarved();
  }
  slot.fd = opened;
  slot.long_result = -ECANCELED;  // taken; Abandon must not count it again
  ++open_files_;
  slot.tries = 0;
  const Status status = CheckOpenFile(slot.fd, slot.request);
  Count(system_calls_, 1);
  if (!status.ok()) return EndLong(index, {.status = status});
  QueueLongRead(index);
}

void UringReader::State::QueueLongRead(uint32_t index) {
  Slot& slot = slots_[index];
  const uint64_t wanted = NextReadBytes(slot.request, slot.done);
  if (wanted == 0 && !slot.request.whole_file) {
    return EndLong(index, {.bytes = slot.done});
  }
  if (!HasPlaces(1)) return FinishWithoutRing(index);
  Mark(index, Stage::kLongRead, 1);
  io_uring_sqe* sqe = ring_.NextSqe();
  // With a full buffer one byte beyond it tells a file that just fits from one that is larger.
  std::byte* into = wanted == 0 ? &slot.beyond : slot.request.buffer.data() + slot.done;
  const bool open_file = ReadsOpenFile(slot.request);
  const int fd = open_file ? slot.request.file : slot.fd;
  const unsigned async_flag = open_file ? AsyncFlagOf(fd) : async_flag_;
  ::io_uring_prep_read(sqe, fd, into, wanted == 0 ? 1u : static_cast<unsigned>(wanted),
                       slot.request.offset + slot.done);
  // An inline attempt that said EAGAIN once is not repeated inline.
  sqe->flags = static_cast<uint8_t>(sqe->flags | (slot.tries > 0 ? IOSQE_ASYNC : async_flag));
  ::io_uring_sqe_set_data64(sqe, UserData(index, kOpLong));
}

void UringReader::State::OnLongRead(uint32_t index) {
  Slot& slot = slots_[index];
  const int32_t read = slot.long_result;
  if (read < 0) {
    if (AsksToTryAgain(read) && ++slot.tries < kTriesMax) return QueueLongRead(index);
    return EndLong(index, {.status = StatusOfReadErrno(-read)});
  }
  const uint64_t wanted = NextReadBytes(slot.request, slot.done);
  if (read == 0) {
    if (!slot.request.whole_file) return EndLong(index, {.status = RangeBeyondEnd()});
    return EndLong(index, {.bytes = slot.done});
  }
  if (wanted == 0) return EndLong(index, {.status = FileTooLarge()});
  slot.done += static_cast<uint64_t>(read);
  slot.tries = 0;
  if (static_cast<uint64_t>(read) < wanted && slot.done != slot.request.expected_bytes) {
    Count(short_reads_, 1);
  }
  QueueLongRead(index);
}

void UringReader::State::EndLong(uint32_t index, const ReadCompletion& result) {
  Slot& slot = slots_[index];
  if (ReadsOpenFile(slot.request)) return Finish(index, result.status, result.bytes);
  slot.result = result;
  if (!HasPlaces(1)) return FinishWithoutRing(index);
  Mark(index, Stage::kLongClose, 1);
  io_uring_sqe* sqe = ring_.NextSqe();
  ::io_uring_prep_close(sqe, slot.fd);
  ::io_uring_sqe_set_data64(sqe, UserData(index, kOpLong));
}

void UringReader::State::FeedStarved() {
  if (starved_ == 0) return;
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].stage != Stage::kStarved) continue;
    --starved_;
    return StartLong(index);
  }
}

void UringReader::State::Finish(uint32_t index, const Status& status, uint64_t bytes) {
  PushReady({.tag = slots_[index].request.tag, .bytes = bytes, .status = status});
  Count(bytes_, bytes);
  Free(index);
}

void UringReader::State::FinishWithoutRing(uint32_t index) {
  const uint64_t tag = slots_[index].request.tag;
  Abandon(index);
  PushReady({.tag = tag, .status = kNoRing});
}

void UringReader::State::Abandon(uint32_t index) {
  Slot& slot = slots_[index];
  int fd = slot.fd;
  if (slot.stage == Stage::kLongOpen && slot.long_result >= 0) {
    fd = slot.long_result;
    ++open_files_;
  }
  const bool closed = slot.stage == Stage::kLongClose && slot.long_result != -ECANCELED;
  if (fd >= 0) {
    if (!closed) ::close(fd);
    --open_files_;
  }
  if (slot.stage == Stage::kStarved) --starved_;
  Free(index);
}

void UringReader::State::Free(uint32_t index) {
  Slot& slot = slots_[index];
  HR_DCHECK(slot.outstanding == 0);
  slot.stage = Stage::kFree;
  slot.fd = -1;
  slot.request = {};
  free_.push_back(index);
  --busy_;
}

void UringReader::State::PushReady(const ReadCompletion& completion) {
  HR_DCHECK(ready_count_ < ready_.size());
  ready_[(ready_first_ + ready_count_) % ready_.size()] = completion;
  ++ready_count_;
}

}  // namespace headrace::io
