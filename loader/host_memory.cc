#include "loader/host_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "base/checked_math.h"
#include "loader/open_watch.h"

namespace headrace::loader {

HostMemory& HostMemory::operator=(HostMemory&& other) noexcept {
  if (this != &other) {
    Free();
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    locked_ = std::exchange(other.locked_, false);
    allocator_ = other.allocator_;
  }
  return *this;
}

Result<HostMemory> HostMemory::Map(size_t bytes, Pages pages) {
  HostMemory memory;
  memory.bytes_ = RoundUp(bytes > 0 ? bytes : 1, kAlignment);
  void* data = mmap(nullptr, memory.bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return Status(Code::kOutOfMemory, "mmap of pixel memory failed", errno);
  memory.data_ = static_cast<std::byte*>(data);
  if (pages == Pages::kHuge) (void)madvise(data, memory.bytes_, MADV_HUGEPAGE);
  return memory;
}

Result<HostMemory> HostMemory::MakeBatchBuffer(size_t bytes, const HostAllocator& allocator) {
  if (allocator.allocate == nullptr) return Map(bytes, Pages::kHuge);
  HostMemory memory;
  memory.bytes_ = bytes;
  const OpenWatch nobody(nullptr);  // loaders that it uses are not being opened
  memory.data_ = static_cast<std::byte*>(allocator.allocate(allocator.context, bytes, kAlignment));
  if (memory.data_ == nullptr) {
    return Status(Code::kOutOfMemory, "the allocator of hr_options returned NULL");
  }
  memory.allocator_ = allocator;
  return memory;
}

Status HostMemory::Lock() {
  locked_ = mlock(data_, bytes_) == 0;
  if (locked_) return {};
  return {Code::kSystem, "mlock failed: raise the memlock limit (ulimit -l)", errno};
}

void HostMemory::Unlock() {
  if (locked_) (void)munlock(data_, bytes_);
  locked_ = false;
}

void HostMemory::Discard() {
  if (data_ != nullptr && allocator_.free == nullptr) (void)madvise(data_, bytes_, MADV_DONTNEED);
}

void HostMemory::Free() {
  if (data_ == nullptr) return;
  Unlock();
  if (allocator_.free != nullptr) {
    allocator_.free(allocator_.context, data_, bytes_);
  } else {
    (void)munmap(data_, bytes_);
  }
  data_ = nullptr;
}

}  // namespace headrace::loader
