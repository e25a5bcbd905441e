#include "simd/mix_chains.h"

#include <cstring>

#include "simd/reference_mix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/mix_chains.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void AddOnTarget(const ConstImageView& picture, float weight, MixSums how,
                 std::span<std::byte> sums) {
  reference::AddToMix(picture, weight, how, sums);
}

void FinishOnTarget(const ConstImageView& picture, float share, std::span<const std::byte> sums,
                    const ImageView& out) {
  reference::FinishMix(picture, share, sums, out);
}

#else

// A vector of bytes has four vectors of sums: the first is of the lowest byte of each 32-bit lane,
// and so on, so that bytes become floats by shifts. Each row begins with a vector of its own.
using DFloat = hn::FixedTag<float, kLanes>;
using DWord = hn::FixedTag<uint32_t, kLanes>;
using VFloat = hn::Vec<DFloat>;
using VWord = hn::Vec<DWord>;

template <int kByte>
HWY_INLINE VFloat FloatsOf(VWord bytes) {
  VWord byte = hn::ShiftRight<8 * kByte>(bytes);
  if constexpr (kByte != 3) byte = hn::And(byte, hn::Set(DWord(), 0xFFu));
  return hn::ConvertTo(DFloat(), hn::BitCast(D32(), byte));
}

HWY_INLINE VWord LoadBytes(const uint8_t* bytes) {
  return hn::BitCast(DWord(), hn::LoadU(D8(), bytes));
}

template <MixSums kHow, int kByte>
HWY_INLINE void AddPart(VWord bytes, VFloat weight, float* sums) {
  float* const at = sums + kByte * kLanes;
  const VFloat product = hn::Mul(FloatsOf<kByte>(bytes), weight);
  if constexpr (kHow == MixSums::kBegin) {
    hn::Store(product, DFloat(), at);
  } else {
    hn::Store(hn::Add(hn::Load(DFloat(), at), product), DFloat(), at);
  }
}

template <MixSums kHow>
HWY_INLINE void AddBytes(const uint8_t* bytes, VFloat weight, float* sums) {
  const VWord words = LoadBytes(bytes);
  AddPart<kHow, 0>(words, weight, sums);
  AddPart<kHow, 1>(words, weight, sums);
  AddPart<kHow, 2>(words, weight, sums);
  AddPart<kHow, 3>(words, weight, sums);
}

template <MixSums kHow>
void AddRows(const ConstImageView& picture, float weight, float* sums) {
  const VFloat weights = hn::Set(DFloat(), weight);
  const size_t count = picture.row_bytes();
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    size_t i = 0;
    for (; i + kVectorBytes <= count; i += kVectorBytes, sums += kVectorBytes) {
      AddBytes<kHow>(row + i, weights, sums);
    }
    if (i == count) continue;
    uint8_t tail[kVectorBytes] = {};
    std::memcpy(tail, row + i, count - i);
    AddBytes<kHow>(tail, weights, sums);
    sums += kVectorBytes;
  }
}

void AddOnTarget(const ConstImageView& picture, float weight, MixSums how,
                 std::span<std::byte> sums) {
  auto* floats = reinterpret_cast<float*>(sums.data());
  if (how == MixSums::kBegin) {
    AddRows<MixSums::kBegin>(picture, weight, floats);
  } else {
    AddRows<MixSums::kGoOn>(picture, weight, floats);
  }
}

template <int kByte>
HWY_INLINE VWord FinishPart(VWord bytes, VFloat rest, VFloat share, const float* sums) {
  const DFloat d;
  const VFloat chains = hn::Mul(share, hn::Load(d, sums + kByte * kLanes));
  const VFloat mixed = hn::Add(hn::Mul(rest, FloatsOf<kByte>(bytes)), chains);
  const VFloat inside = hn::Min(mixed, hn::Set(d, 255.0f));
  // Adding 2^23 rounds to an integer, half to even, and leaves it in the lowest byte; the others
  // are 0 but for the highest.
  const VWord rounded = hn::BitCast(DWord(), hn::Add(inside, hn::Set(d, 0x1p23f)));
  if constexpr (kByte == 3) return hn::ShiftLeft<24>(rounded);
  return hn::ShiftLeft<8 * kByte>(hn::And(rounded, hn::Set(DWord(), 0xFFu)));
}

HWY_INLINE void FinishBytes(const uint8_t* bytes, VFloat rest, VFloat share, const float* sums,
                            uint8_t* out) {
  const VWord words = LoadBytes(bytes);
  const VWord low =
      hn::Or(FinishPart<0>(words, rest, share, sums), FinishPart<1>(words, rest, share, sums));
  const VWord high =
      hn::Or(FinishPart<2>(words, rest, share, sums), FinishPart<3>(words, rest, share, sums));
  hn::StoreU(hn::BitCast(D8(), hn::Or(low, high)), D8(), out);
}

void FinishOnTarget(const ConstImageView& picture, float share, std::span<const std::byte> sums,
                    const ImageView& out) {
  const auto* floats = reinterpret_cast<const float*>(sums.data());
  const VFloat shares = hn::Set(DFloat(), share);
  const VFloat rests = hn::Set(DFloat(), 1.0f - share);
  const size_t count = picture.row_bytes();
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    uint8_t* to = out.Row(y);
    size_t i = 0;
    for (; i + kVectorBytes <= count; i += kVectorBytes, floats += kVectorBytes) {
      FinishBytes(row + i, rests, shares, floats, to + i);
    }
    if (i == count) continue;
    uint8_t tail[kVectorBytes] = {};
    std::memcpy(tail, row + i, count - i);
    FinishBytes(tail, rests, shares, floats, tail);
    std::memcpy(to + i, tail, count - i);
    floats += kVectorBytes;
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {

HWY_EXPORT(AddOnTarget);
HWY_EXPORT(FinishOnTarget);

size_t MixSumsBytes(SizePx size, uint32_t channels) {
  // Rows end with a whole vector, of 64 bytes on the widest target.
  constexpr size_t kVectorBytesMax = 64;
  const size_t row_bytes = size_t{size.width} * channels;
  const size_t row_sums = (row_bytes + kVectorBytesMax - 1) / kVectorBytesMax * kVectorBytesMax;
  return row_sums * size.height * sizeof(float);
}

void AddToMix(const ConstImageView& picture, float weight, MixSums how, std::span<std::byte> sums) {
  HWY_DYNAMIC_DISPATCH(AddOnTarget)(picture, weight, how, sums);
}

void FinishMix(const ConstImageView& picture, float share, std::span<const std::byte> sums,
               const ImageView& out) {
  HWY_DYNAMIC_DISPATCH(FinishOnTarget)(picture, share, sums, out);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
