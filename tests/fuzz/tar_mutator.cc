// The mutator of fuzz_tar: by libFuzzer's means, after which the checksums of what look like
// headers are made right again most of the time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
extern "C" __attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                                                                 size_t size,
                                                                                 size_t size_max,
                                                                                 unsigned seed) {
  constexpr size_t kBlock = 512;
  constexpr size_t kChecksum = 148;
  size = LLVMFuzzerMutate(data, size, size_max);
  if (seed % 8 == 0) return size;
  for (size_t at = 0; at + kBlock <= size; at += kBlock) {
    uint8_t* const block = data + at;
    if (std::memcmp(block + 257, "ustar", 5) != 0) continue;
    std::memset(block + kChecksum, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < kBlock; ++i) sum += block[i];
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    std::memcpy(block + kChecksum, text, 7);
  }
  return size;
}
