#include "io/pread_reader.h"

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "io/read_rules.h"

namespace headrace::io {
namespace {

// A Reap stops to collect after this long, so that the first sample of a slow batch does not wait
// for the last.
constexpr int64_t kCollectNs = 1'000'000;

void Count(std::atomic<uint64_t>& counter, uint64_t more) {
  counter.fetch_add(more, std::memory_order_relaxed);
}

bool OutOfDescriptors(int error_number) { return error_number == EMFILE || error_number == ENFILE; }

}  // namespace

PreadReader::PreadReader(RootFolder root, uint32_t queue_len)
    : root_(std::move(root)), queue_(std::max<uint32_t>(queue_len, 1)) {}

void PreadReader::Open(Pending& pending) {
  const int fd = root_.OpenFile(pending.request.path);
  Count(system_calls_, 1);
  pending.open_errno = fd < 0 ? -fd : 0;
  pending.file.Reset(fd < 0 ? -1 : fd);
  // Without a descriptor now, Reap tries again when earlier files are closed.
  pending.opened = !OutOfDescriptors(pending.open_errno);
}

bool PreadReader::Submit(const ReadRequest& request) {
  if (count_ == queue_.size()) return false;
  Pending& pending = queue_[(first_ + count_) % queue_.size()];
  pending.request = request;
  pending.opened = false;
  pending.open_errno = 0;
  ++count_;
  Count(requests_, 1);
  if (!CheckRequest(request).ok()) return true;  // Serve says it
  if (ReadsOpenFile(request)) {
    if (!request.direct) ReadAhead(request.file, request);
    return true;
  }
  Open(pending);
  if (pending.file.valid()) ReadAhead(pending.file.get(), request);
  return true;
}

void PreadReader::ReadAhead(int fd, const ReadRequest& request) {
  // Advice only: errors (pipes, odd file systems) change nothing. Length 0 is "to the end".
  const uint64_t bytes = request.whole_file ? 0 : request.expected_bytes;
  (void)::posix_fadvise(fd, static_cast<off_t>(request.offset), static_cast<off_t>(bytes),
                        POSIX_FADV_WILLNEED);
  Count(system_calls_, 1);
}

size_t PreadReader::Reap(std::span<ReadCompletion> out, int64_t timeout_ns) {
  if (out.empty() || count_ == 0) return 0;
  if (timeout_ns != 0 && wake_.exchange(false, std::memory_order_acquire)) return 0;
  const int64_t stop_ns = NowNs() + kCollectNs;
  size_t reaped = 0;
  do {
    Pending& pending = queue_[first_];
    out[reaped++] = Serve(pending);
    pending.file.Reset();
    first_ = (first_ + 1) % queue_.size();
    --count_;
  } while (reaped < out.size() && count_ != 0 && NowNs() < stop_ns &&
           !wake_.load(std::memory_order_acquire));
  return reaped;
}

void PreadReader::Wake() { wake_.store(true, std::memory_order_release); }

void PreadReader::CloseReadAhead() {
  for (size_t i = 1; i < count_; ++i) {
    Pending& later = queue_[(first_ + i) % queue_.size()];
    if (!later.file.valid()) continue;
    later.file.Reset();
    later.opened = false;
    Count(system_calls_, 1);
  }
}

ReadCompletion PreadReader::Serve(Pending& pending) {
  const ReadRequest& request = pending.request;
  ReadCompletion completion{.tag = request.tag};
  completion.status = CheckRequest(request);
  if (!completion.status.ok()) return completion;
  uint64_t done = 0;
  completion.status =
      ReadsOpenFile(request) ? ReadAll(request.file, request, &done) : ServePath(pending, &done);
  if (completion.status.ok()) completion.bytes = done;
  Count(bytes_, completion.bytes);
  return completion;
}

Status PreadReader::ServePath(Pending& pending, uint64_t* done) {
  if (!pending.opened) Open(pending);
  if (OutOfDescriptors(pending.open_errno)) {
    // Files opened ahead may be what used them up.
    CloseReadAhead();
    Open(pending);
  }
  if (!pending.file.valid()) return StatusOfOpenErrno(pending.open_errno);
  Count(system_calls_, 2);  // statx, close
  HR_TRY(CheckOpenFile(pending.file.get(), pending.request));
  return ReadAll(pending.file.get(), pending.request, done);
}

Status PreadReader::ReadAll(int fd, const ReadRequest& request, uint64_t* done) {
  std::byte beyond{};  // tells a file that just fits from one that is larger
  for (int tries = 0; tries < kTriesMax;) {
    const uint64_t wanted = NextReadBytes(request, *done);
    if (wanted == 0 && !request.whole_file) return Status();
    std::byte* into = wanted == 0 ? &beyond : request.buffer.data() + *done;
    const ssize_t got =
        ::pread(fd, into, wanted == 0 ? 1 : wanted, static_cast<off_t>(request.offset + *done));
    Count(system_calls_, 1);
    if (got < 0) {
      if (errno != EINTR && errno != EAGAIN) return StatusOfReadErrno(errno);
      ++tries;
      continue;
    }
    if (got == 0) return request.whole_file ? Status() : RangeBeyondEnd();
    if (wanted == 0) return FileTooLarge();
    if (static_cast<uint64_t>(got) < wanted &&
        request.expected_bytes != *done + static_cast<uint64_t>(got)) {
      Count(short_reads_, 1);
    }
    *done += static_cast<uint64_t>(got);
    tries = 0;
  }
  return Status(Code::kIoError, "could not be read: the kernel keeps asking to try again", EAGAIN);
}

bool PreadReader::Drain(int64_t) {
  for (; count_ != 0; --count_) {
    queue_[first_].file.Reset();
    first_ = (first_ + 1) % queue_.size();
  }
  return true;
}

ReaderStats PreadReader::stats() const {
  return {.requests = requests_.load(std::memory_order_relaxed),
          .bytes = bytes_.load(std::memory_order_relaxed),
          .system_calls = system_calls_.load(std::memory_order_relaxed),
          .short_reads = short_reads_.load(std::memory_order_relaxed)};
}

}  // namespace headrace::io
