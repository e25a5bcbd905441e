// BigImageArea: one block for pictures that do not fit a worker's scratch, one at a time.
#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "loader/host_memory.h"

namespace headrace::loader {

// What: address space reserved at open, filled only by large pictures. Owner: the loader or the
// transform. Thread: any; a second picture waits for the first, whose thread waits for nothing.
class BigImageArea {
 public:
  static Result<std::unique_ptr<BigImageArea>> Make(uint64_t bytes) {
    HR_ASSIGN_OR_RETURN(HostMemory memory, HostMemory::Map(bytes, HostMemory::Pages::kSmall));
    auto area = std::make_unique<BigImageArea>();
    area->memory_ = std::move(memory);
    return area;
  }

  uint64_t bytes() const { return memory_.bytes(); }

  // Blocks while another thread has it. Give it back with Release. Held across functions and only
  // for some pictures, which the analysis cannot follow.
  std::span<std::byte> Acquire() HR_NO_THREAD_SAFETY_ANALYSIS {
    mutex_.Lock();
    return memory_.span();
  }
  void Release() HR_NO_THREAD_SAFETY_ANALYSIS {
    memory_.Discard();
    mutex_.Unlock();
  }

 private:
  Mutex mutex_;
  HostMemory memory_;
};

}  // namespace headrace::loader
