// Hands out parts of a block of scratch, one after the other, each aligned like the block.
//
// The same calls on a cursor without memory add up what a block must hold. Any thread; a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/checked_math.h"
#include "loader/augment/draw_list.h"

namespace headrace::loader {

class ScratchCursor {
 public:
  ScratchCursor() = default;  // only measures
  explicit ScratchCursor(std::span<std::byte> memory) : memory_(memory.data()) {}

  // `count` elements, which are not made: T is a plain type. Without memory the span is empty.
  template <class T>
  std::span<T> Take(uint64_t count) {
    const uint64_t bytes = RoundUp(SaturatingMul(count, sizeof(T)), kScratchAlignment);
    std::byte* place = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ = SaturatingAdd(bytes_, bytes);
    return place == nullptr ? std::span<T>() : std::span<T>(reinterpret_cast<T*>(place), count);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  std::byte* memory_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace headrace::loader
