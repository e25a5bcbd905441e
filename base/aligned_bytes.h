// Scratch memory that grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace headrace {

// What: bytes that begin on a cache line, and stay from one use to the next; what was in them is
// lost. Owner, thread: one. Cost: allocates only what it has not yet; throws bad_alloc.
class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 64;

  std::span<std::byte> Take(uint64_t bytes) {
    if (memory_.size() < bytes + kAlignment) memory_.resize(bytes + kAlignment);
    void* at = memory_.data();
    size_t space = memory_.size();
    return {static_cast<std::byte*>(std::align(kAlignment, bytes, at, space)), bytes};
  }
  // Gives everything back if that is more than `bytes_max`.
  void Trim(size_t bytes_max) {
    if (memory_.capacity() > bytes_max) std::vector<std::byte>().swap(memory_);
  }

 private:
  std::vector<std::byte> memory_;
};

}  // namespace headrace
