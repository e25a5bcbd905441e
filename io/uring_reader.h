// UringReader: many files in flight, one system call for many of them.
//
// What: the Reader on io_uring. A whole file that should fit goes the short way: open, guard, read
// and close linked on a direct descriptor, queued at once, nothing to decide in between. Whatever
// the short way does not answer for certain (the file grew or shrank, fills its buffer exactly, is
// read in part, was interrupted) goes the long way from its start: open, look what it is, read
// until the end, close, one operation at a time; of a file that the caller holds open the reads
// alone. Owner, threads: as Reader says; different threads
// may take turns if they synchronise. Cost: nothing is allocated after Make. A request's state, its
// kernel operations and the caller's buffer live until the last operation has said that it is over;
// if one never does, Drain says so and the destructor leaves ring and state where they are, for
// ever.
#pragma once

#include <sys/types.h>

#include <memory>

#include "io/file.h"
#include "io/reader.h"
#include "io/uring.h"

namespace headrace::io {

struct UringReaderOptions {
  uint32_t queue_len = 64;
  bool direct_chains = true;  // false: the long way for every file
};

class UringReader final : public Reader {
 public:
  static Result<std::unique_ptr<UringReader>> Make(RootFolder root, const UringSupport& support,
                                                   const UringReaderOptions& options);
  ~UringReader() override;

  bool Submit(const ReadRequest& request) override;
  size_t Reap(std::span<ReadCompletion> out, int64_t timeout_ns) override;
  void Wake() override;
  size_t in_flight() const override;
  bool Drain(int64_t timeout_ns) override;
  ReaderKind kind() const override { return ReaderKind::kUring; }
  ReaderStats stats() const override;

  // Whether any file goes the short way.
  bool uses_direct_chains() const;

  // All the reader has in memory; the kernel may hold pointers into it.
  class State;
  // Public for make_unique; callers use Make.
  explicit UringReader(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
  pid_t owner_;  // a forked child has no access to the queues and must not touch them
};

}  // namespace headrace::io
