// Memory that grows under a C library which writes a file into it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

namespace headrace::codecs {

struct FreeDelete {
  void operator()(void* block) const { std::free(block); }
};

// What: a byte buffer without a destructor, so that it may stand where a longjmp passes; `data` is
// malloc's and belongs to whoever made this. Thread: one. Cost: doubling.
struct EncodedBytes {
  unsigned char* data = nullptr;
  size_t size = 0;
  size_t capacity = 0;

  // False when there is no memory; what was written stays.
  bool Append(std::span<const unsigned char> bytes) {
    if (bytes.size() > std::numeric_limits<size_t>::max() / 4 - size) return false;
    if (size + bytes.size() > capacity) {
      const size_t grown = (size + bytes.size()) * 2;
      void* block = std::realloc(data, grown);
      if (block == nullptr) return false;
      data = static_cast<unsigned char*>(block);
      capacity = grown;
    }
    std::memcpy(data + size, bytes.data(), bytes.size());
    size += bytes.size();
    return true;
  }
};

}  // namespace headrace::codecs
