#include "simd/noise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/noise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/normal-inl.h"
#include "simd/philox-inl.h"
#include "simd/reference_noise.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void MakeNoiseWordsOnTarget(uint64_t key, uint64_t first, std::span<uint32_t> words) {
  for (uint32_t& word : words) word = reference::NoiseWord(key, first++);
}
void MakeNormalsOnTarget(uint64_t key, uint64_t first, std::span<float> normals) {
  for (float& normal : normals) {
    normal = reference::NormalOfWord(reference::NoiseWord(key, first++));
  }
}
void GaussianOnTarget(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target) {
  reference::AddGaussianNoise(source, noise, key, target);
}
void SpeckleOnTarget(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target) {
  reference::AddSpeckleNoise(source, mean, sigma, key, target);
}
void SaltPepperOnTarget(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target) {
  reference::AddSaltPepperNoise(source, noise, key, target);
}
void FillOnTarget(const NoiseColour& colour, uint64_t key, const ImageView& target) {
  reference::FillWithNoise(colour, key, target);
}

#else

// Pixels that are worked on at a time, so that all their words and normals stay in the first cache.
constexpr size_t kChunkPx = 512;
constexpr size_t kChunkElements = 3 * kChunkPx;
// Loops over a chunk run in whole vectors, so buffers have this much room behind it.
constexpr size_t kSlack = 3 * kVectorBytes;

struct Chunk {
  const uint8_t* from;
  uint8_t* to;
  size_t pixels;
  uint64_t first_pixel;
};

// Calls run(chunk) for all of the picture.
template <class Run>
HWY_INLINE void ForEachChunk(const ConstImageView& source, const ImageView& target,
                             const Run& run) {
  const size_t channels = target.channels;
  size_t width = target.width;
  size_t height = target.height;
  if (source.stride_bytes == source.row_bytes() && target.stride_bytes == target.row_bytes()) {
    width *= height;  // one long row
    height = 1;
  }
  for (size_t y = 0; y < height; ++y) {
    const uint8_t* from = source.data + y * source.stride_bytes;
    uint8_t* to = target.data + y * target.stride_bytes;
    for (size_t x = 0; x < width; x += kChunkPx) {
      run(Chunk{from + x * channels, to + x * channels, std::min(kChunkPx, width - x),
                uint64_t{y} * width + x});
    }
  }
}

// Adding this leaves the nearest whole number, half to even, in the lowest bits of an f32, for
// numbers below 2^22 either way: noise stays far below.
constexpr float kToWhole = 0x1.8p23f;

HWY_INLINE VNormal ClampToByte(VNormal v) {
  const DNormal d;
  return hn::Min(hn::Max(v, hn::Zero(d)), hn::Set(d, 255.0f));
}

// to[i] = R(result(element i as f32, i)), its lowest 8 bits, for i < count, in whole vectors; a
// last part goes through a buffer.
template <class Result>
HWY_INLINE void MapElements(const uint8_t* from, uint8_t* to, size_t count, const Result& result) {
  const hn::Rebind<uint8_t, D32> d8;
  const DNormal d;
  const D32 di;
  const auto step = [&](const uint8_t* in, uint8_t* out, size_t i) HWY_ATTR {
    const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(d8, in)));
    const auto whole = hn::Add(result(x, i), hn::Set(d, kToWhole));
    hn::StoreU(hn::TruncateTo(d8, hn::BitCast(DWord(), whole)), d8, out);
  };
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) step(from + i, to + i, i);
  if (i == count) return;
  uint8_t tail[kLanes] = {};
  std::memcpy(tail, from + i, count - i);
  step(tail, tail, i);
  std::memcpy(to + i, tail, count - i);
}

void MakeNoiseWordsOnTarget(uint64_t key, uint64_t first, std::span<uint32_t> words) {
  alignas(64) uint32_t made[kChunkElements + 2 * kPhiloxWords];
  for (size_t i = 0; i < words.size(); i += kChunkElements) {
    const size_t count = std::min(kChunkElements, words.size() - i);
    const uint32_t* chunk = MakeWords(key, first + i, count, made);
    std::copy_n(chunk, count, words.data() + i);
  }
}

void MakeNormalsOnTarget(uint64_t key, uint64_t first, std::span<float> normals) {
  alignas(64) uint32_t made[kChunkElements + 2 * kPhiloxWords];
  alignas(64) float some[kChunkElements + kSlack];
  for (size_t i = 0; i < normals.size(); i += kChunkElements) {
    const size_t count = std::min(kChunkElements, normals.size() - i);
    const uint32_t* words = MakeWords(key, first + i, count, made);
    for (size_t j = 0; j < count; j += kLanes) {
      hn::Store(NormalsOfWords(hn::LoadU(DWord(), words + j)), DNormal(), some + j);
    }
    std::copy_n(some, count, normals.data() + i);
  }
}

void GaussianOnTarget(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target) {
  const DNormal d;
  const D32 di;
  const VNormal scale = hn::Set(d, static_cast<float>(noise.sigma * 255));
  const VNormal offset = hn::Set(d, static_cast<float>(noise.mean * 255));
  const size_t channels = target.channels;
  const bool spread = !noise.per_channel && channels == 3;
  alignas(64) uint32_t made[kChunkElements + 2 * kPhiloxWords];
  alignas(64) float added[kChunkElements + kSlack];

  ForEachChunk(source, target, [&](const Chunk& chunk) HWY_ATTR {
    const size_t per_pixel = spread ? 1 : channels;
    const size_t count = chunk.pixels * per_pixel;
    const uint32_t* words = MakeWords(key, chunk.first_pixel * per_pixel, count, made);
    for (size_t i = 0; i < count; i += kLanes) {
      VNormal v = hn::Add(hn::Mul(NormalsOfWords(hn::LoadU(DWord(), words + i)), scale), offset);
      if (noise.trunc) v = hn::ConvertTo(d, hn::ConvertTo(di, v));
      if (spread) {
        hn::StoreInterleaved3(v, v, v, d, added + 3 * i);
      } else {
        hn::Store(v, d, added + i);
      }
    }
    MapElements(chunk.from, chunk.to, chunk.pixels * channels, [&](VNormal x, size_t i) HWY_ATTR {
      const VNormal sum = hn::Add(x, hn::Load(d, added + i));
      return noise.clip ? ClampToByte(sum) : sum;
    });
  });
}

void SpeckleOnTarget(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target) {
  const DNormal d;
  const VNormal scale = hn::Set(d, static_cast<float>(sigma));
  const VNormal offset = hn::Set(d, static_cast<float>(mean));
  const size_t channels = target.channels;
  alignas(64) uint32_t made[kChunkElements + 2 * kPhiloxWords];

  ForEachChunk(source, target, [&](const Chunk& chunk) HWY_ATTR {
    const size_t count = chunk.pixels * channels;
    const uint32_t* words = MakeWords(key, chunk.first_pixel * channels, count, made);
    MapElements(chunk.from, chunk.to, count, [&](VNormal x, size_t i) HWY_ATTR {
      const VNormal normal = NormalsOfWords(hn::LoadU(DWord(), words + i));
      const VNormal factor = hn::Add(hn::Mul(normal, scale), offset);
      return ClampToByte(hn::Add(x, hn::Mul(x, factor)));
    });
  });
}

// What 24 random bits must be below for a probability; ceil, so that it is `bits 2^-24 < p`.
int32_t ThresholdOf(double probability) {
  return static_cast<int32_t>(std::ceil(probability * 0x1p24));
}

// 3 of each byte.
HWY_INLINE void TripleBytes(const uint8_t* HWY_RESTRICT from, size_t count,
                            uint8_t* HWY_RESTRICT to) {
  const D8 d;
  for (size_t i = 0; i < count; i += kVectorBytes) {
    const V8 v = hn::Load(d, from + i);
    hn::StoreInterleaved3(v, v, v, d, to + 3 * i);
  }
}

void SaltPepperOnTarget(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target) {
  const DWord dw;
  const D32 di;
  const D8 d8;
  const hn::Rebind<uint8_t, D32> d8_lanes;
  const auto changes_below = hn::Set(di, ThresholdOf(noise.amount));
  const auto salt_below = hn::Set(di, ThresholdOf(noise.salt));
  const auto all = hn::Set(di, 255);
  const size_t channels = target.channels;
  const bool spread = !noise.per_channel && channels == 3;
  alignas(64) uint32_t made[2 * kChunkElements + 2 * kPhiloxWords];
  // An element becomes (x & keep) | put.
  alignas(64) uint8_t keep[kChunkElements + kSlack];
  alignas(64) uint8_t put[kChunkElements + kSlack];
  alignas(64) uint8_t keep3[kChunkElements + kSlack];
  alignas(64) uint8_t put3[kChunkElements + kSlack];

  ForEachChunk(source, target, [&](const Chunk& chunk) HWY_ATTR {
    const size_t per_pixel = spread ? 1 : channels;
    const size_t count = chunk.pixels * per_pixel;
    const uint32_t* words = MakeWords(key, 2 * chunk.first_pixel * per_pixel, 2 * count, made);
    for (size_t i = 0; i < count; i += kLanes) {
      hn::Vec<DWord> first, second;
      hn::LoadInterleaved2(dw, words + 2 * i, first, second);
      const auto bits1 = hn::BitCast(di, hn::ShiftRight<8>(first));
      const auto bits2 = hn::BitCast(di, hn::ShiftRight<8>(second));
      const auto changes = hn::Lt(bits1, changes_below);
      const auto salt = hn::And(changes, hn::Lt(bits2, salt_below));
      hn::StoreU(hn::DemoteTo(d8_lanes, hn::IfThenZeroElse(changes, all)), d8_lanes, keep + i);
      hn::StoreU(hn::DemoteTo(d8_lanes, hn::IfThenElseZero(salt, all)), d8_lanes, put + i);
    }
    if (spread) {
      TripleBytes(keep, count, keep3);
      TripleBytes(put, count, put3);
    }
    const uint8_t* kept = spread ? keep3 : keep;
    const uint8_t* got = spread ? put3 : put;
    const size_t elements = chunk.pixels * channels;
    size_t i = 0;
    for (; i + kVectorBytes <= elements; i += kVectorBytes) {
      const V8 x = hn::And(hn::LoadU(d8, chunk.from + i), hn::Load(d8, kept + i));
      hn::StoreU(hn::Or(x, hn::Load(d8, got + i)), d8, chunk.to + i);
    }
    for (; i < elements; ++i) {
      chunk.to[i] = static_cast<uint8_t>((chunk.from[i] & kept[i]) | got[i]);
    }
  });
}

void FillOnTarget(const NoiseColour& colour, uint64_t key, const ImageView& target) {
  const DNormal d;
  const size_t channels = target.channels;
  // The channels' constants for three vectors in a row, after which they repeat.
  alignas(64) float scale[3 * kLanes];
  alignas(64) float offset[3 * kLanes];
  for (size_t i = 0; i < 3 * kLanes; ++i) {
    scale[i] = static_cast<float>(colour.std[i % channels] * 255);
    offset[i] = static_cast<float>(colour.mean[i % channels] * 255);
  }
  alignas(64) uint32_t made[kChunkElements + 2 * kPhiloxWords];

  ForEachChunk(target, target, [&](const Chunk& chunk) HWY_ATTR {
    const size_t count = chunk.pixels * channels;
    const uint32_t* words = MakeWords(key, chunk.first_pixel * channels, count, made);
    MapElements(chunk.from, chunk.to, count, [&](VNormal, size_t i) HWY_ATTR {
      const size_t at = i % (3 * kLanes);
      const VNormal normal = NormalsOfWords(hn::LoadU(DWord(), words + i));
      return ClampToByte(
          hn::Add(hn::Mul(normal, hn::Load(d, scale + at)), hn::Load(d, offset + at)));
    });
  });
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {

HWY_EXPORT(MakeNoiseWordsOnTarget);
HWY_EXPORT(MakeNormalsOnTarget);
HWY_EXPORT(GaussianOnTarget);
HWY_EXPORT(SpeckleOnTarget);
HWY_EXPORT(SaltPepperOnTarget);
HWY_EXPORT(FillOnTarget);

void MakeNoiseWords(uint64_t key, uint64_t first, std::span<uint32_t> words) {
  HWY_DYNAMIC_DISPATCH(MakeNoiseWordsOnTarget)(key, first, words);
}

void MakeNormals(uint64_t key, uint64_t first, std::span<float> normals) {
  HWY_DYNAMIC_DISPATCH(MakeNormalsOnTarget)(key, first, normals);
}

void AddGaussianNoise(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target) {
  HWY_DYNAMIC_DISPATCH(GaussianOnTarget)(source, noise, key, target);
}

void AddSpeckleNoise(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target) {
  HWY_DYNAMIC_DISPATCH(SpeckleOnTarget)(source, mean, sigma, key, target);
}

void AddSaltPepperNoise(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target) {
  HWY_DYNAMIC_DISPATCH(SaltPepperOnTarget)(source, noise, key, target);
}

void FillWithNoise(const NoiseColour& colour, uint64_t key, const ImageView& target) {
  HWY_DYNAMIC_DISPATCH(FillOnTarget)(colour, key, target);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
