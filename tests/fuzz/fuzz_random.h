// Small random numbers for mutators: the state is one word, because a mutator is called with a new
// seed each time.
#pragma once

#include <cstdint>

namespace headrace::fuzz {

class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * uint64_t{0x9E3779B97F4A7C15} + 1) {}

  uint32_t Next() {  // xorshift64*, the upper half
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * uint64_t{0x2545F4914F6CDD1D}) >> 32);
  }
  uint32_t Below(uint32_t bound) { return Next() % bound; }  // bound > 0
  uint32_t Between(uint32_t least, uint32_t most) { return least + Below(most - least + 1); }
  bool OneIn(uint32_t count) { return Below(count) == 0; }
  uint8_t Byte() { return static_cast<uint8_t>(Next()); }

 private:
  uint64_t state_;  // never 0
};

}  // namespace headrace::fuzz
