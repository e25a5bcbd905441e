// The one place that makes an io_uring, and what the kernel's io_uring was found to offer.
//
// liburing's types are seen here and in uring_reader.cc only.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <string>

#include "base/status.h"

namespace headrace::io {

// The open, guard, read, close of one small file as a chain of linked operations on a direct
// descriptor. Each position is also the kind of its completion.
enum class ChainOp : uint8_t { kOpen = 0, kGuard = 1, kRead = 2, kClose = 3 };
inline constexpr unsigned kChainOps = 4;

struct ChainTarget {
  int folder = -1;
  const char* path = nullptr;
  void* buffer = nullptr;
  unsigned bytes = 0;
  uint64_t offset = 0;
  unsigned direct_slot = 0;
};

struct UringSupport {
  bool usable = false;
  Status status;               // why not, when not usable
  bool direct_chains = false;  // linked operations on direct descriptors work
  uint32_t setup_flags = 0;    // those the kernel accepts
};

// Finds out what works by doing it, on a ring of its own that is gone when this returns.
UringSupport ProbeUring();

// One line about `support`, with the likely cause when io_uring cannot be used.
std::string ToText(const UringSupport& support);

// A ring, not shared with forked children.
//
// Owner: one reader. Thread: one at a time. Cost: Open allocates the queues, in the kernel.
class Ring {
 public:
  Ring() = default;
  ~Ring() {
    if (open_) ::io_uring_queue_exit(&ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // To be called first, once. `sqe_count` submissions can be queued at once; twice as many
  // completions.
  Status Open(unsigned sqe_count, uint32_t setup_flags);

  // An empty table for at most `count` direct descriptors; how many it has (0: none to be had).
  unsigned MakeDirectTable(unsigned count);

  io_uring* raw() { return &ring_; }

  // A zeroed place in the submission queue, or null when it is full.
  io_uring_sqe* NextSqe() { return ::io_uring_get_sqe(&ring_); }
  unsigned places_left() const { return ::io_uring_sq_space_left(&ring_); }
  unsigned queued() const { return ::io_uring_sq_ready(&ring_); }

  // Positions in the stream of submissions, wrapping: the next to be queued, and the next that the
  // kernel will take.
  unsigned next_position() const { return ring_.sq.sqe_tail; }
  unsigned taken_position() const { return ring_.sq.sqe_tail - queued(); }

  // Hands over what is queued. 0 or -errno.
  int Enter();
  // The same, and waits for one completion, at most `timeout_ns` (negative: for ever). -ETIME after
  // the time.
  int EnterAndWait(int64_t timeout_ns);

 private:
  io_uring ring_{};
  bool open_ = false;
};

// Queues the four operations, beneath the folder and never waiting for a FIFO's writer; each
// carries `user_data_base` + its ChainOp and gives one completion, whatever happens. All four
// places must be free. `extra_flags`: IOSQE_ASYNC or 0.
void QueueChain(Ring& ring, const ChainTarget& target, uint64_t user_data_base,
                unsigned extra_flags);

// Queues the open of `path` beneath `folder` as an ordinary descriptor. One place must be free.
void QueueOpen(Ring& ring, int folder, const char* path, uint64_t user_data, unsigned extra_flags);

}  // namespace headrace::io
