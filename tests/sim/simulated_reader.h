// A reader whose disk is a random number generator: reads come back in any order, late, or failed,
// all by the seed. It reads real files underneath, so that what arrives can be compared.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "io/make_reader.h"
#include "io/reader.h"

namespace headrace::testing {

struct SimulatedDisk {
  uint64_t seed = 1;
  double fail_share = 0;          // of the paths: those always fail
  double record_fail_share = 0;   // of the ranges of open files: those always fail
  uint32_t queue_len_max = 1000;  // Submit refuses beyond it
  bool stuck = false;             // reads never come back
};
// What the next SimulatedReader::Make uses; the factory is a plain function.
inline SimulatedDisk simulated_disk;

// splitmix64.
inline uint64_t Mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

inline bool PathFails(const SimulatedDisk& disk, const std::string& path) {
  uint64_t hash = disk.seed;
  for (const char c : path) hash = Mix(hash ^ static_cast<unsigned char>(c));
  return static_cast<double>(hash >> 11) * 0x1p-53 < disk.fail_share;
}

class SimulatedReader final : public io::Reader {
 public:
  static Result<io::MadeReader> Make(const std::string& root, const io::ReaderOptions& options) {
    io::ReaderOptions inner = options;
    inner.choice = io::ReaderChoice::kPread;
    auto made = io::MakeReader(root, inner);
    if (!made.ok()) return made.status();
    io::MadeReader out;
    out.reader = std::make_unique<SimulatedReader>(std::move(made->reader), simulated_disk);
    out.why = "simulated";
    return out;
  }

  SimulatedReader(std::unique_ptr<io::Reader> inner, const SimulatedDisk& disk)
      : inner_(std::move(inner)), disk_(disk), state_(disk.seed) {}

  bool Submit(const io::ReadRequest& request) override {
    if (pending_.size() >= disk_.queue_len_max) return false;
    for (const io::ReadRequest& other : pending_) {
      // The disk may write them in any order, or at once.
      EXPECT_TRUE(other.buffer.data() + other.buffer.size() <= request.buffer.data() ||
                  request.buffer.data() + request.buffer.size() <= other.buffer.data())
          << "two reads into the same memory";
    }
    pending_.push_back(request);
    return true;
  }

  size_t Reap(std::span<io::ReadCompletion> out, int64_t timeout_ns) override {
    if (pending_.empty() || out.empty()) return 0;
    if (disk_.stuck || (timeout_ns == 0 && Next() % 3 == 0)) return Sleep(timeout_ns);
    const size_t n = 1 + Next() % std::min(pending_.size(), out.size());
    for (size_t i = 0; i < n; ++i) {
      const size_t pick = Next() % pending_.size();
      const io::ReadRequest request = pending_[pick];
      pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(pick));
      out[i] = Perform(request);
    }
    return n;
  }

  void Wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  size_t in_flight() const override { return pending_.size(); }
  bool Drain(int64_t) override {
    if (disk_.stuck && !pending_.empty()) return false;
    pending_.clear();
    return true;
  }
  io::ReaderKind kind() const override { return io::ReaderKind::kPread; }
  io::ReaderStats stats() const override { return inner_->stats(); }

 private:
  uint64_t Next() { return state_ = Mix(state_); }

  size_t Sleep(int64_t timeout_ns) {
    if (timeout_ns == 0) return 0;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return woken_; });
    woken_ = false;
    return 0;
  }

  io::ReadCompletion Perform(const io::ReadRequest& request) {
    const bool fails = request.file < 0
                           ? PathFails(disk_, request.path)
                           : PathFails({.seed = disk_.seed, .fail_share = disk_.record_fail_share},
                                       std::to_string(request.offset));
    if (fails) {
      return {request.tag, 0, Status(Code::kIoError, "simulated failure", 5)};
    }
    io::ReadCompletion completion;
    (void)inner_->Submit(request);
    while (inner_->Reap({&completion, 1}, -1) == 0) {
    }
    return completion;
  }

  std::unique_ptr<io::Reader> inner_;
  const SimulatedDisk disk_;
  uint64_t state_;
  std::vector<io::ReadRequest> pending_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace headrace::testing
