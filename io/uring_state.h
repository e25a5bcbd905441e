// UringReader::State: the requests, where each one is on its way, and the ring.
//
// Private to uring_reader.cc and uring_state.cc: the former decides when to enter the kernel and
// when to stop, the latter what a completion means for its request.
#pragma once

#include <array>
#include <atomic>
#include <vector>

#include "io/uring_reader.h"

namespace headrace::io {

// Where a request is.
enum class Stage : uint8_t {
  kFree,
  kChain,     // the short way: one linked chain
  kLongOpen,  // the long way, one operation each; of an open file the read alone
  kLongRead,
  kLongClose,
  kStarved,  // the long way, waiting for a file descriptor; no operation
};

struct Slot {
  ReadRequest request;
  Stage stage = Stage::kFree;
  // Completions that will still come. The kernel may write to the buffer until this is 0.
  uint32_t outstanding = 0;
  // Of the operations queued last: the first one's place in the stream of submissions, and how
  // many.
  uint32_t first_position = 0;
  uint32_t operations = 0;
  uint32_t tries = 0;
  std::array<int32_t, kChainOps> chain_results{};
  int32_t long_result = 0;
  int fd = -1;            // long way
  uint64_t done = 0;      // bytes in the buffer, long way
  std::byte beyond{};     // the byte after a full buffer, if the file has one
  ReadCompletion result;  // long way, while closing
};

class UringReader::State {
 public:
  explicit State(RootFolder root) : root_(std::move(root)) {}
  Status Open(const UringSupport& support, const UringReaderOptions& options);

  bool Submit(const ReadRequest& request);
  size_t Reap(std::span<ReadCompletion> out, int64_t timeout_ns);
  bool Drain(int64_t timeout_ns);
  void Wake();
  size_t in_flight() const { return busy_ + ready_count_; }
  bool is_parked() const { return parked_; }
  bool uses_direct_chains() const { return direct_chains_; }
  ReaderStats stats() const;

  // States that could not be drained stay reachable here; never freed.
  State* next_parked = nullptr;

 private:
  // uring_reader.cc: entering the kernel, and when to stop.
  size_t TakeReady(std::span<ReadCompletion> out);
  void Collect();
  void EnterKernel(int64_t wait_ns);
  void WaitOutside(int64_t wait_ns);
  void GiveUpRing();
  void QueueCancels();
  void QueueWakePoll();
  bool TakeWake();

  // uring_state.cc: the way of a request.
  void Dispatch(uint64_t user_data, int32_t result);
  void Advance(uint32_t index);
  void StartChain(uint32_t index);
  void OnChainEnd(uint32_t index);
  void StartLong(uint32_t index);
  void OnLongOpen(uint32_t index);
  void OnLongRead(uint32_t index);
  void QueueLongRead(uint32_t index);
  unsigned AsyncFlagOf(int fd);
  void EndLong(uint32_t index, const ReadCompletion& result);
  void FeedStarved();
  void Finish(uint32_t index, const Status& status, uint64_t bytes);
  void FinishWithoutRing(uint32_t index);
  void Abandon(uint32_t index);
  void Free(uint32_t index);
  void PushReady(const ReadCompletion& completion);
  bool HasPlaces(uint32_t count) const { return !ring_broken_ && ring_.places_left() >= count; }
  // To be called before `count` operations of the slot are queued.
  void Mark(uint32_t index, Stage stage, uint32_t count);

  RootFolder root_;
  Ring ring_;
  bool direct_chains_ = false;
  unsigned async_flag_ = 0;  // IOSQE_ASYNC where an inline attempt could block
  // The same for the callers' open files (an index, the shards of a data set), which may lie
  // elsewhere; each has its place by its number. A descriptor that is used anew for another place
  // costs a slower read at worst.
  struct KnownFile {
    int fd = -1;
    unsigned async_flag = 0;
  };
  std::array<KnownFile, 1024> known_files_;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;         // indexes of free slots, a stack
  std::vector<ReadCompletion> ready_;  // a ring of completions not yet given to the caller
  size_t ready_first_ = 0;
  size_t ready_count_ = 0;
  size_t busy_ = 0;        // slots not free
  size_t starved_ = 0;     // of those, the ones in kStarved
  size_t open_files_ = 0;  // descriptors of the long way
  bool draining_ = false;
  bool parked_ = false;
  bool ring_broken_ = false;
  uint32_t failed_enters_ = 0;

  // Wake: `wake_requested_` says that the event is written; exchange in Wake (release) pairs with
  // the exchange in TakeWake (acquire).
  UniqueFd wake_event_;
  std::atomic<bool> wake_requested_{false};
  bool wake_armed_ = false;
  bool wake_seen_ = false;

  // Written by the reader's thread, read by any: relaxed, they order nothing.
  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> system_calls_{0};
  std::atomic<uint64_t> short_reads_{0};
};

// user_data: index of the slot, its operation. Operations 0 to 3 are ChainOps.
inline constexpr uint64_t kOpBits = 4;
inline constexpr uint64_t kOpLong = 4;    // whatever the long way has in flight (one at a time)
inline constexpr uint64_t kOpForget = 5;  // a request's, but nothing depends on the result
inline constexpr uint64_t kWakeData = UINT64_MAX;
inline constexpr uint64_t kCancelData = UINT64_MAX - 1;

inline uint64_t UserData(uint32_t index, uint64_t op) { return (uint64_t{index} << kOpBits) | op; }

}  // namespace headrace::io
