// HostMemory: one block of page-aligned memory, mapped, locked or from the user's allocator.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace headrace::loader {

// The user's allocator for batch buffers; both functions or neither.
struct HostAllocator {
  void* (*allocate)(void* context, size_t bytes, size_t alignment) = nullptr;
  void (*free)(void* context, void* pointer, size_t bytes) = nullptr;
  void* context = nullptr;
};

// What: owns its block. Owner: the part that fills it. Thread: made and destroyed on one thread.
// Cost: a mapping; pages come at first touch unless locked.
class HostMemory {
 public:
  static constexpr size_t kAlignment = 4096;

  HostMemory() = default;
  HostMemory(HostMemory&& other) noexcept { *this = std::move(other); }
  HostMemory& operator=(HostMemory&& other) noexcept;
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  ~HostMemory() { Free(); }

  // Anonymous memory, zeroed. `huge_pages` asks for them; it is advice.
  enum class Pages { kSmall, kHuge };
  static Result<HostMemory> Map(size_t bytes, Pages pages);
  // From `allocator` when it has functions, else Map with huge pages.
  static Result<HostMemory> MakeBatchBuffer(size_t bytes, const HostAllocator& allocator);

  // Keeps the block in RAM. Fails when the memlock limit forbids it.
  Status Lock();
  void Unlock();
  // Gives the pages of a mapped block back to the system; the next touch reads zeros.
  void Discard();
  void Free();

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  std::span<std::byte> span() const { return {data_, bytes_}; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  bool locked_ = false;
  HostAllocator allocator_;  // functions null: mapped
};

}  // namespace headrace::loader
