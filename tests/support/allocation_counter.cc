#include "tests/support/allocation_counter.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace headrace::testing {
namespace {

std::atomic<uint64_t> allocation_count{0};
std::atomic<uint64_t> allocated_bytes{0};
std::atomic<uint64_t> allocation_max{UINT64_MAX};

void* CountedAllocation(size_t bytes, size_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (bytes > allocation_max.load(std::memory_order_relaxed)) throw std::bad_alloc();
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

uint64_t AllocationCount() { return allocation_count.load(std::memory_order_relaxed); }
uint64_t AllocatedBytes() { return allocated_bytes.load(std::memory_order_relaxed); }
void SetAllocationMax(uint64_t bytes) { allocation_max.store(bytes, std::memory_order_relaxed); }

}  // namespace headrace::testing

// The array and nothrow forms end in these.
void* operator new(size_t bytes) {
  return headrace::testing::CountedAllocation(bytes, alignof(std::max_align_t));
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return headrace::testing::CountedAllocation(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
