#include "simd/ycc.h"

#include <algorithm>

#include "base/check.h"
#include "simd/reference_ycc.h"
#include "simd/ycc_scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/ycc.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/convert-inl.h"
#include "simd/double-inl.h"
#include "simd/rows-inl.h"
#include "simd/ycc-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void UpsampleToRgbOnTarget(const UpsampleJob& job, const ImageView& rgb, std::span<std::byte>) {
  reference::UpsampleToRgb(job, rgb);
}
void PlanesToRgbOnTarget(std::span<const ConstImageView> planes, const ImageView& rgb) {
  reference::PlanesToRgb(planes, rgb);
}
void ConvertPlanesOnTarget(std::span<const ConstImageView> planes, FlipColumns flip,
                           const ConvertTable& table, void* out) {
  reference::ConvertPlanes(planes, flip, table, out);
}

#else

// ------------------------------------------------------------------ to interleaved RGB

template <class Colour>
void UpsampleRows(const UpsampleJob& job, const ImageView& rgb, std::span<std::byte> scratch) {
  const PlanarPicture& source = job.source;
  const auto left = static_cast<uint32_t>(source.left);
  const auto top = static_cast<uint32_t>(source.top);
  const auto source_of = [&](size_t i) {
    return FullSizeRows::Source{source.plane[i], source.across[i], source.down[i], job.smooth[i]};
  };
  auto* bytes = reinterpret_cast<uint8_t*>(scratch.data());
  const size_t row_bytes = DoubledRowBytes(rgb.width);
  auto* numbers = reinterpret_cast<uint16_t*>(bytes + 2 * row_bytes);
  // Plane 0 is shown as it is and needs no scratch.
  const FullSizeRows rows[3] = {
      {source_of(0), left, rgb.width, bytes, numbers},
      {source_of(Colour::kPlanes > 1 ? 1 : 0), left, rgb.width, bytes, numbers},
      {source_of(Colour::kPlanes > 2 ? 2 : 0), left, rgb.width, bytes + row_bytes, numbers}};
  for (uint32_t y = 0; y < rgb.height; ++y) {
    PlaneRun run = {{}, rgb.width};
    for (size_t i = 0; i < Colour::kPlanes; ++i) run.planes[i] = rows[i].Row(top + y);
    StoreRun<Colour, false>(run, ToInterleaved{rgb.Row(y)});
  }
}

void UpsampleToRgbOnTarget(const UpsampleJob& job, const ImageView& rgb,
                           std::span<std::byte> scratch) {
  if (job.source.count == 1) {
    UpsampleRows<GreyColour>(job, rgb, scratch);
  } else if (job.colour == PlaneColour::kRgb) {
    UpsampleRows<RgbColour>(job, rgb, scratch);
  } else {
    UpsampleRows<YccColour>(job, rgb, scratch);
  }
}

bool RowsTouch(const ConstImageView& view) { return view.stride_bytes == view.row_bytes(); }
bool RowsTouch(std::span<const ConstImageView> planes) {
  return std::all_of(planes.begin(), planes.end(),
                     [](const ConstImageView& plane) { return RowsTouch(plane); });
}

template <class Colour>
void InterleaveRows(std::span<const ConstImageView> planes, const ImageView& rgb) {
  const bool one_row = RowsTouch(planes) && RowsTouch(rgb);
  const size_t run_px = one_row ? size_t{rgb.width} * rgb.height : rgb.width;
  const uint32_t rows = one_row ? 1 : rgb.height;
  for (uint32_t y = 0; y < rows; ++y) {
    PlaneRun run = {{}, run_px};
    for (size_t i = 0; i < Colour::kPlanes; ++i) run.planes[i] = planes[i].Row(y);
    StoreRun<Colour, false>(run, ToInterleaved{rgb.Row(y)});
  }
}

void PlanesToRgbOnTarget(std::span<const ConstImageView> planes, const ImageView& rgb) {
  if (planes.size() == 1) {
    InterleaveRows<GreyColour>(planes, rgb);
  } else {
    InterleaveRows<YccColour>(planes, rgb);
  }
}

// ------------------------------------------------------------------ to the output

// Pixels whose bytes stay in the first cache between the two steps, colours and floats. A multiple
// of every vector.
constexpr size_t kPiecePx = 512;

// Calls piece(run, at) for pieces of the picture, each of output pixels `at` onwards. Those of a
// reversed row are to be read from their ends.
template <size_t kPlanes, bool kReversed, class Function>
HWY_INLINE void ForEachPiece(std::span<const ConstImageView> planes, const Function& piece) {
  const bool one_row = !kReversed && RowsTouch(planes);
  const size_t width = planes[0].width;
  const size_t run_px = one_row ? width * planes[0].height : width;
  const uint32_t rows = one_row ? 1 : planes[0].height;
  for (uint32_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < run_px; x += kPiecePx) {
      const size_t count = std::min(kPiecePx, run_px - x);
      const size_t from = kReversed ? run_px - x - count : x;
      PlaneRun run = {{}, count};
      for (size_t i = 0; i < kPlanes; ++i) run.planes[i] = planes[i].Row(y) + from;
      piece(run, y * width + x);
    }
  }
}

// Everything about an output that is known when it is compiled.
template <class TheColour, bool kIsReversed>
struct Reading {
  using Colour = TheColour;
  static constexpr bool kReversed = kIsReversed;
};

template <class In>
void ToBytes(std::span<const ConstImageView> planes, Layout layout, uint8_t* HWY_RESTRICT out) {
  using Colour = typename In::Colour;
  const size_t pixels = size_t{planes[0].width} * planes[0].height;
  if (layout == Layout::kNhwc) {
    ForEachPiece<Colour::kPlanes, In::kReversed>(
        planes, [&](const PlaneRun& run, size_t at) HWY_ATTR {
          StoreRun<Colour, In::kReversed>(run, ToInterleaved{out + 3 * at});
        });
    return;
  }
  ForEachPiece<Colour::kPlanes, In::kReversed>(
      planes, [&](const PlaneRun& run, size_t at) HWY_ATTR {
        const ToBytePlanes sink = {{out + at, out + pixels + at, out + 2 * pixels + at}};
        StoreRun<Colour, In::kReversed>(run, sink);
      });
}

template <class In, class Value, class Output>
void ToFloats(std::span<const ConstImageView> planes, const ConvertTable& table,
              typename Output::Element* HWY_RESTRICT out) {
  using Colour = typename In::Colour;
  const size_t pixels = size_t{planes[0].width} * planes[0].height;
  if (table.layout == Layout::kNhwc) {
    const RunConverter<3, Value, Output> convert(table, 0);
    ForEachPiece<Colour::kPlanes, In::kReversed>(
        planes, [&](const PlaneRun& run, size_t at) HWY_ATTR {
          alignas(64) uint8_t bytes[3 * kPiecePx];
          StoreRun<Colour, In::kReversed>(run, ToInterleaved{bytes});
          convert(bytes, 3 * run.count, out + 3 * at);
        });
    return;
  }
  const RunConverter<1, Value, Output> convert[3] = {{table, 0}, {table, 1}, {table, 2}};
  ForEachPiece<Colour::kPlanes, In::kReversed>(
      planes, [&](const PlaneRun& run, size_t at) HWY_ATTR {
        alignas(64) uint8_t bytes[3][kPiecePx];
        StoreRun<Colour, In::kReversed>(run, ToBytePlanes{{bytes[0], bytes[1], bytes[2]}});
        for (size_t c = 0; c < 3; ++c) convert[c](bytes[c], run.count, out + c * pixels + at);
      });
}

template <class In, class Output>
void ToFloatsBy(std::span<const ConstImageView> planes, const ConvertTable& table, void* out) {
  auto* to = static_cast<typename Output::Element*>(out);
  if (table.split_is_exact) {
    ToFloats<In, BySplit, Output>(planes, table, to);
  } else {
    ToFloats<In, ByTable, Output>(planes, table, to);
  }
}

template <class In>
void ConvertRead(std::span<const ConstImageView> planes, const ConvertTable& table, void* out) {
  switch (table.dtype) {
    case Dtype::kU8: ToBytes<In>(planes, table.layout, static_cast<uint8_t*>(out)); break;
    case Dtype::kF16: ToFloatsBy<In, ToF16>(planes, table, out); break;
    case Dtype::kBF16: ToFloatsBy<In, ToBF16>(planes, table, out); break;
    case Dtype::kF32: ToFloatsBy<In, ToF32>(planes, table, out); break;
  }
}

template <class Colour>
void ConvertColour(std::span<const ConstImageView> planes, FlipColumns flip,
                   const ConvertTable& table, void* out) {
  if (flip == FlipColumns::kYes) {
    ConvertRead<Reading<Colour, true>>(planes, table, out);
  } else {
    ConvertRead<Reading<Colour, false>>(planes, table, out);
  }
}

void ConvertPlanesOnTarget(std::span<const ConstImageView> planes, FlipColumns flip,
                           const ConvertTable& table, void* out) {
  if (planes.size() == 1) {
    ConvertColour<GreyColour>(planes, flip, table, out);
  } else {
    ConvertColour<YccColour>(planes, flip, table, out);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(UpsampleToRgbOnTarget);
HWY_EXPORT(PlanesToRgbOnTarget);
HWY_EXPORT(ConvertPlanesOnTarget);

[[maybe_unused]] bool AreOfOneSize(std::span<const ConstImageView> planes) {
  return (planes.size() == 1 || planes.size() == 3) &&
         std::all_of(planes.begin(), planes.end(), [&](const ConstImageView& plane) {
           return plane.channels == 1 && plane.size() == planes[0].size();
         });
}

}  // namespace

uint64_t UpsampleScratchBytes(uint32_t width) {
  return 2 * DoubledRowBytes(width) + PairNumbersBytes(width);
}

void UpsampleToRgb(const UpsampleJob& job, const ImageView& rgb, std::span<std::byte> scratch) {
  HR_DCHECK(rgb.channels == 3);
  HR_DCHECK(job.source.width == rgb.width && job.source.height == rgb.height);
  HR_DCHECK(scratch.size() >= UpsampleScratchBytes(rgb.width));
  HR_DCHECK(job.source.across[0].shift == 0 && job.source.down[0].shift == 0);
  HWY_DYNAMIC_DISPATCH(UpsampleToRgbOnTarget)(job, rgb, scratch);
}

void PlanesToRgb(std::span<const ConstImageView> planes, const ImageView& rgb) {
  HR_DCHECK(AreOfOneSize(planes));
  HR_DCHECK(rgb.channels == 3 && rgb.size() == planes[0].size());
  HWY_DYNAMIC_DISPATCH(PlanesToRgbOnTarget)(planes, rgb);
}

void ConvertPlanes(std::span<const ConstImageView> planes, FlipColumns flip,
                   const ConvertTable& table, void* out) {
  HR_DCHECK(AreOfOneSize(planes));
  HR_DCHECK(table.channels == 3);
  HWY_DYNAMIC_DISPATCH(ConvertPlanesOnTarget)(planes, flip, table, out);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
