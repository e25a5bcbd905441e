// Reader: extents of files into memory, many at a time.
//
// What: the one interface of the io folder to the read stage. Two implementations give the same
// results: UringReader (io_uring) and PreadReader (plain system calls).
// Owner: the read stage. Thread: one thread calls Submit, Reap and Drain; Wake is for any thread.
// Cost: no allocation after construction; at most one system call a batch of requests with
// io_uring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"

namespace headrace::io {

// What to read: a file by its path, relative to the reader's root folder, or a range of a file that
// the caller holds open. Path, open file and buffer must stay valid until the completion with the
// same `tag` was reaped (or for ever, if Drain fails).
struct ReadRequest {
  const char* path = nullptr;  // NUL-terminated, relative, beneath the root; unused with `file`
  int file = -1;               // a descriptor of a regular file, open for reading, read in place of
                               // `path`; it is not looked at, not closed, and takes ranges only
  uint64_t offset = 0;         // in the file
  uint64_t expected_bytes = 0;  // what stat or an index said; a completion may differ
  std::span<std::byte> buffer;  // filled from its start; a file that does not fit is kLimitBytes
  bool whole_file = true;       // read to the end of the file, which may have grown or shrunk;
                                // else exactly expected_bytes (fewer there: kTruncated)
  uint64_t beyond_bytes = 0;    // of a range: asked for behind it in the same read, because a read
                                // without the page cache ends on a block; not missed when the file
                                // ends before. A completion has the range's bytes, or more.
  bool direct = false;          // `file` is open with O_DIRECT: nothing is to be read ahead, which
                                // would fill the page cache
  uint64_t tag = 0;             // given back
};

struct ReadCompletion {
  uint64_t tag = 0;
  uint64_t bytes = 0;  // read, when ok
  Status status;       // kNotFound, kPermission, kNotRegularFile, kIoError, kLimitBytes, ...
};

enum class ReaderKind { kUring, kPread };

struct ReaderStats {
  uint64_t requests = 0;
  uint64_t bytes = 0;
  uint64_t system_calls = 0;  // made by this reader, about
  uint64_t short_reads = 0;   // reads that were asked to go on
};

class Reader {
 public:
  virtual ~Reader() = default;

  // Queues one request. False: the queue is full, reap first. Does not block, does not fail:
  // every error comes as a completion.
  virtual bool Submit(const ReadRequest& request) = 0;

  // Hands what is queued to the kernel and collects completions into `out`. Blocks for the first
  // one, at most `timeout_ns` (0: does not block; negative: until one is there or Wake is called).
  // Returns their number; 0 after a time-out, after Wake, or when nothing is in flight.
  virtual size_t Reap(std::span<ReadCompletion> out, int64_t timeout_ns) = 0;

  // Makes a blocked Reap return soon, or the next one that would block. Any thread.
  virtual void Wake() = 0;

  // Requests submitted and not yet reaped.
  virtual size_t in_flight() const = 0;

  // Cancels what can be cancelled and waits until the kernel holds no buffer, at most `timeout_ns`.
  // False: a read is stuck; the reader keeps its ring for ever and the caller must never free or
  // reuse the buffers that are still in flight. Completions that arrive meanwhile are dropped.
  [[nodiscard]] virtual bool Drain(int64_t timeout_ns) = 0;

  virtual ReaderKind kind() const = 0;
  virtual ReaderStats stats() const = 0;  // any thread
};

}  // namespace headrace::io
