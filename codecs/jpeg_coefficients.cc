#include "codecs/jpeg_coefficients.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "base/checked_math.h"
#include "codecs/encoded_bytes.h"
#include "codecs/jpeg_coefficients_island.h"
#include "codecs/jpeg_huffman.h"
#include "codecs/jpeg_segments.h"
#include "codecs/jpeg_statistics.h"
#include "codecs/limit_checks.h"

namespace headrace::codecs {
namespace {

constexpr uint32_t kSideMax = 65500;  // JPEG_MAX_DIMENSION
constexpr uint32_t kFactorMax = 4;
constexpr uint32_t kRestartMax = 65535;

uint64_t Values(uint32_t blocks_across, uint32_t blocks_down) {
  return SaturatingMul(SaturatingMul(blocks_across, blocks_down), kJpegCoefficients);
}

// Blocks that hold samples of a plane, on one axis.
uint32_t Blocks(uint32_t side_px, uint32_t factor, uint32_t factor_max) {
  const uint64_t step = uint64_t{factor_max} * kJpegBlockPx;
  return static_cast<uint32_t>((uint64_t{side_px} * factor + step - 1) / step);
}

// What a written file must have; images that come from a record may be anything.
bool IsSound(const JpegCoefficientImage& image) {
  if (image.size.width == 0 || image.size.width > kSideMax) return false;
  if (image.size.height == 0 || image.size.height > kSideMax) return false;
  if (image.components != (image.colour == JpegColour::kGrey ? 1u : 3u)) return false;
  uint32_t across_max = 1;
  uint32_t down_max = 1;
  for (uint32_t c = 0; c < image.components; ++c) {
    const JpegCoefficientImage::Plane& plane = image.plane[c];
    if (plane.across < 1 || plane.across > kFactorMax) return false;
    if (plane.down < 1 || plane.down > kFactorMax) return false;
    across_max = std::max(across_max, plane.across);
    down_max = std::max(down_max, plane.down);
  }
  for (uint32_t c = 0; c < image.components; ++c) {
    const JpegCoefficientImage::Plane& plane = image.plane[c];
    if (across_max % plane.across != 0 || down_max % plane.down != 0) return false;
    if (plane.blocks_across != Blocks(image.size.width, plane.across, across_max)) return false;
    if (plane.blocks_down != Blocks(image.size.height, plane.down, down_max)) return false;
    if (plane.coefficients.size() != Values(plane.blocks_across, plane.blocks_down)) return false;
  }
  return true;
}

Status ReadUnfenced(std::span<const std::byte> file, const Limits& limits,
                    JpegCoefficientImage* image) {
  HR_TRY(CheckEncodedBytes(file, limits));
  if (Sniff(file) != Format::kJpeg) {
    return {Code::kUnsupportedFormat, "the file is not a JPEG"};
  }
  const JpegIslandHandle island = MakeJpegIsland();
  if (island == nullptr) return {Code::kOutOfMemory, "no memory for libjpeg-turbo"};
  JpegHeader header;
  HR_TRY(JpegReadHeader(*island, file, limits, &header));
  JpegCoefficientPlanes planes;
  HR_TRY(JpegDescribePlanes(*island, &planes));
  uint64_t bytes = 0;
  for (uint32_t c = 0; c < planes.components; ++c) {
    const uint64_t values = Values(planes.plane[c].blocks_across, planes.plane[c].blocks_down);
    bytes = SaturatingAdd(bytes, SaturatingMul(values, sizeof(int16_t)));
  }
  if (bytes > limits.max_decoded_bytes) {
    return {Code::kLimitBytes, "the coefficients need more memory than limits.max_decoded_bytes"};
  }
  for (uint32_t c = 0; c < planes.components; ++c) {
    const JpegCoefficientPlane& from = planes.plane[c];
    JpegCoefficientImage::Plane& to = image->plane[c];
    to.across = from.across;
    to.down = from.down;
    to.blocks_across = from.blocks_across;
    to.blocks_down = from.blocks_down;
  }
  // Before memory is taken for them: a file of a few bytes may announce any size.
  HR_TRY(JpegReadScans(*island));
  for (uint32_t c = 0; c < planes.components; ++c) {
    JpegCoefficientImage::Plane& to = image->plane[c];
    to.coefficients.resize(Values(to.blocks_across, to.blocks_down));
    planes.plane[c].coefficients = to.coefficients.data();
  }
  HR_TRY(JpegCopyCoefficients(*island, &planes));
  image->size = planes.size;
  image->colour = planes.colour;
  image->components = planes.components;
  for (uint32_t c = 0; c < kJpegComponentsMax; ++c) {
    if (c < planes.components) {
      std::copy_n(planes.plane[c].quantisers, kJpegCoefficients, image->plane[c].quantisers);
    } else {
      image->plane[c] = {};
    }
  }
  image->segments.clear();
  for (JpegSegments segments(file); segments.Next();) {
    if (!segments.IsKept()) continue;
    const std::span<const std::byte> segment = segments.segment();
    image->segments.insert(image->segments.end(), segment.begin(), segment.end());
  }
  return {};
}

Status BadCoefficients() {
  return {Code::kUnsupportedFormat, "the JPEG has coefficients that no picture of 8 bits has"};
}

// Of an image that can be written but for its coefficients.
Status SegmentsOf(const JpegCoefficientImage& image,
                  std::vector<std::span<const std::byte>>* segments) {
  if (!IsSound(image)) {
    return {Code::kInvalidArgument, "the coefficients do not fit the picture's size and sampling"};
  }
  size_t segment_bytes = 0;
  for (JpegSegments walk(image.segments, JpegSegments::kBare); walk.Next();) {
    if (!walk.IsKept()) break;
    segments->push_back(walk.segment());
    segment_bytes += walk.segment().size();
  }
  if (segment_bytes != image.segments.size()) {
    return {Code::kInvalidArgument, "the segments to keep are none of JFIF, EXIF, ICC and Adobe"};
  }
  if (image.components == 3 && ColourBySegments(image.segments, image.colour) != image.colour) {
    return {Code::kInvalidArgument, "the segments say other colours than the picture has"};
  }
  return {};
}

JpegCoefficientPlanes PlanesOf(const JpegCoefficientImage& image) {
  JpegCoefficientPlanes planes;
  planes.size = image.size;
  planes.colour = image.colour;
  planes.components = image.components;
  for (uint32_t c = 0; c < image.components; ++c) {
    const JpegCoefficientImage::Plane& from = image.plane[c];
    JpegCoefficientPlane& to = planes.plane[c];
    to.across = from.across;
    to.down = from.down;
    to.blocks_across = from.blocks_across;
    to.blocks_down = from.blocks_down;
    std::copy_n(from.quantisers, kJpegCoefficients, to.quantisers);
    // It is only read.
    to.coefficients = const_cast<int16_t*>(from.coefficients.data());
  }
  return planes;
}

// Whether all values are so small that each of them, and each difference of two DC values, has a
// symbol. Nearly all pictures are such; the compiler makes vectors of it.
bool AreSmall(const std::vector<int16_t>& coefficients) {
  constexpr int kMost = (1 << kJpegAcBitsMax) - 1;
  static_assert(kJpegDcBitsMax > kJpegAcBitsMax);
  constexpr size_t kStep = 4096;
  for (size_t at = 0; at < coefficients.size(); at += kStep) {
    const size_t end = std::min(at + kStep, coefficients.size());
    bool large = false;
    for (size_t i = at; i < end; ++i) large |= coefficients[i] < -kMost || coefficients[i] > kMost;
    if (large) return false;
  }
  return true;
}

// Without restart markers.
bool HaveSymbols(const JpegCoefficientImage& image) {
  const bool small = std::all_of(image.plane, image.plane + image.components,
                                 [](const auto& plane) { return AreSmall(plane.coefficients); });
  if (small) return true;
  const JpegCoefficientPlanes planes = PlanesOf(image);
  JpegSymbolCounts counts[2];
  if (HaveOneScan(planes)) return CountJpegSymbols(planes, 0, counts);
  for (uint32_t c = 0; c < planes.components; ++c) {
    JpegCoefficientPlanes alone = planes;
    alone.components = 1;
    alone.plane[0] = planes.plane[c];
    if (!CountJpegSymbols(alone, 0, counts)) return false;
  }
  return true;
}

Status WriteUnfenced(const JpegCoefficientImage& image, const JpegWriteOptions& options,
                     std::vector<std::byte>* file) {
  if (options.restart_mcus > kRestartMax) {
    return {Code::kInvalidArgument, "a restart interval is at most 65535 MCUs"};
  }
  std::vector<std::span<const std::byte>> segments;
  HR_TRY(SegmentsOf(image, &segments));
  const JpegCoefficientPlanes planes = PlanesOf(image);
  JpegWriteJob job = {.restart_mcus = options.restart_mcus, .segments = segments};
  JpegHuffmanSpec dc[2];
  JpegHuffmanSpec ac[2];
  // Counting takes libjpeg-turbo longer than all else of it together.
  if (HaveOneScan(planes)) {
    JpegSymbolCounts counts[2];
    if (!CountJpegSymbols(planes, options.restart_mcus, counts)) return BadCoefficients();
    for (uint32_t i = 0; i < 2; ++i) {
      dc[i] = BestJpegHuffman(counts[i].dc);
      ac[i] = BestJpegHuffman(counts[i].ac);
    }
    job.dc = dc;
    job.ac = ac;
  }
  EncodedBytes out;
  const Status status = JpegWriteCoefficients(planes, job, &out);
  const std::unique_ptr<unsigned char, FreeDelete> owned(out.data);
  HR_TRY(status);
  const auto* bytes = reinterpret_cast<const std::byte*>(out.data);
  file->assign(bytes, bytes + out.size);
  return {};
}

}  // namespace

Status ReadJpegCoefficients(std::span<const std::byte> file, const Limits& limits,
                            JpegCoefficientImage* image) try {
  return ReadUnfenced(file, limits, image);
} catch (const std::bad_alloc&) {
  return {Code::kOutOfMemory, "no memory for the JPEG's coefficients"};
}

Status CheckWritable(const JpegCoefficientImage& image) try {
  std::vector<std::span<const std::byte>> segments;
  HR_TRY(SegmentsOf(image, &segments));
  return HaveSymbols(image) ? Status() : BadCoefficients();
} catch (const std::bad_alloc&) {
  return {Code::kOutOfMemory, "no memory to look at a JPEG"};
}

Status WriteJpeg(const JpegCoefficientImage& image, const JpegWriteOptions& options,
                 std::vector<std::byte>* file) try {
  return WriteUnfenced(image, options, file);
} catch (const std::bad_alloc&) {
  return {Code::kOutOfMemory, "no memory to write a JPEG"};
}

}  // namespace headrace::codecs
