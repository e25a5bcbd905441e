// Randomness of the scene generator: its own, so that the demo set does not change when anything in
// the library does.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace headrace::cli {

// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
constexpr uint64_t MixBits(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  value = (value ^ value >> 27) * 0x94d049bb133111ebu;
  return value ^ value >> 31;
}

// A stream of draws, a pure function of its two keys.
class SceneRandom {
 public:
  SceneRandom(uint64_t seed, uint64_t stream) : state_(MixBits(MixBits(seed) ^ stream)) {}

  uint64_t Next() { return MixBits(state_++); }
  // Uniform in [0, 1).
  float Unit() { return static_cast<float>(Next() >> 40) * 0x1p-24f; }
  float Uniform(float low, float high) { return low + (high - low) * Unit(); }
  // Uniform in [0, bound); the bias of the remainder is below 2^-50 for the small bounds used here.
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>((Next() >> 8) % bound); }
  bool Chance(float probability) { return Unit() < probability; }

 private:
  uint64_t state_;
};

// Smooth value noise on a lattice of random numbers that repeats every 256 cells. Immutable, shared
// by all threads.
class ValueNoise {
 public:
  explicit ValueNoise(uint64_t seed) : lattice_(size_t{kSide} * kSide) {
    SceneRandom random(seed, 0x6e6f697365);
    for (float& value : lattice_) value = random.Unit();
  }

  // In [0, 1].
  float At(float x, float y) const {
    const float floor_x = std::floor(x);
    const float floor_y = std::floor(y);
    const auto cell_x = static_cast<uint32_t>(static_cast<int64_t>(floor_x));
    const auto cell_y = static_cast<uint32_t>(static_cast<int64_t>(floor_y));
    const float u = Smooth(x - floor_x);
    const float v = Smooth(y - floor_y);
    const float top = Lerp(Lattice(cell_x, cell_y), Lattice(cell_x + 1, cell_y), u);
    const float bottom = Lerp(Lattice(cell_x, cell_y + 1), Lattice(cell_x + 1, cell_y + 1), u);
    return Lerp(top, bottom, v);
  }

  // Octaves of halving weight and doubling frequency, in [0, 1].
  float Fractal(float x, float y, int octaves) const {
    float sum = 0;
    float weight = 0.5f;
    float total = 0;
    for (int i = 0; i < octaves; ++i) {
      sum += weight * At(x, y);
      total += weight;
      weight *= 0.5f;
      // The offset keeps the lattices of the octaves from lining up.
      x = x * 2 + 17.3f;
      y = y * 2 + 5.7f;
    }
    return sum / total;
  }

 private:
  static constexpr uint32_t kSide = 256;

  static float Smooth(float t) { return t * t * (3 - 2 * t); }
  static float Lerp(float a, float b, float t) { return a + (b - a) * t; }
  float Lattice(uint32_t x, uint32_t y) const {
    return lattice_[size_t{y % kSide} * kSide + x % kSide];
  }

  std::vector<float> lattice_;
};

}  // namespace headrace::cli
