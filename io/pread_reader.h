// PreadReader: the Reader for kernels and containers without io_uring, and the oracle of the tests.
//
// What: open, pread until the end, close; one file after the other, in the order of submission.
// Submit opens the file and asks the kernel to read ahead, so that the disk works on the queue
// while Reap copies what has arrived.
// Owner, threads: as Reader says. Cost: four to six system calls a file, two a range of an open
// one; no allocation.
#pragma once

#include <atomic>
#include <vector>

#include "io/file.h"
#include "io/reader.h"

namespace headrace::io {

class PreadReader final : public Reader {
 public:
  PreadReader(RootFolder root, uint32_t queue_len);

  bool Submit(const ReadRequest& request) override;
  size_t Reap(std::span<ReadCompletion> out, int64_t timeout_ns) override;
  void Wake() override;
  size_t in_flight() const override { return count_; }
  bool Drain(int64_t timeout_ns) override;
  ReaderKind kind() const override { return ReaderKind::kPread; }
  ReaderStats stats() const override;

 private:
  struct Pending {
    ReadRequest request;
    UniqueFd file;        // opened by Submit, unless descriptors were short; none of an open file
    int open_errno = 0;   // of that open
    bool opened = false;  // whether the open was tried
  };

  void Open(Pending& pending);
  void ReadAhead(int fd, const ReadRequest& request);
  void CloseReadAhead();
  ReadCompletion Serve(Pending& pending);
  Status ServePath(Pending& pending, uint64_t* done);
  Status ReadAll(int fd, const ReadRequest& request, uint64_t* done);

  RootFolder root_;
  std::vector<Pending> queue_;  // a ring of queue_.size() places
  size_t first_ = 0;
  size_t count_ = 0;
  std::atomic<bool> wake_{false};  // release in Wake, acquire in Reap

  // Written by the reader's thread, read by any: relaxed, they order nothing.
  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> system_calls_{0};
  std::atomic<uint64_t> short_reads_{0};
};

}  // namespace headrace::io
