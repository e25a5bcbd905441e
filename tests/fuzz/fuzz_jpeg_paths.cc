// Our own JPEG decoder against libjpeg-turbo: the same status, pixels, planes and counts for any
// bytes, with a record of checkpoints and without, and beginning at restart markers as in a pack.
// The input is a JpegPathsControl and a JPEG.
#include "fuzz_jpeg_paths.h"

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "codecs/jpeg_checkpoints.h"
#include "codecs/jpeg_decoder.h"
#include "jpeg_record.h"
#include "tests/unit/codecs/jpeg_overflow.h"

namespace headrace::fuzz {
namespace {

using codecs::DecodeCheckpoints;
using codecs::Decoder;
using codecs::DecodeReport;
using codecs::ImageInfo;
using codecs::JpegPath;
using codecs::PlanesRequest;

// Small enough that no input is slow. The sides: a row of 65500 would need megabytes of scratch.
constexpr Limits kLimits{.max_pixels = 1 << 16,
                         .max_side = 4096,
                         .max_decoded_bytes = 4 << 20,
                         .max_encoded_bytes = kJpegBytesMax,
                         .jpeg_scans = 12,
                         .jpeg_memory = 16 << 20};

// Decoders keep tables and buffers from one file to the next, so an input may fail only after the
// one before it: both are kept.
std::vector<uint8_t> previous;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "fuzz_jpeg_paths: %s\n", what);
  if (std::FILE* file = std::fopen("fuzz_jpeg_paths.previous", "wb")) {
    std::fwrite(previous.data(), 1, previous.size(), file);
    std::fclose(file);
  }
  __builtin_trap();
}

void Require(bool condition, const char* what) {
  if (!condition) Fail(what);
}

// Memory that ends where a decode was told that it ends, and begins as something that the other
// side does not begin as, so that samples that nobody wrote differ.
class Scratch {
 public:
  explicit Scratch(int fill) : fill_(fill) {
    void* at = memory_.data();
    size_t space = memory_.size();
    first_ = static_cast<std::byte*>(std::align(64, kBytesMax, at, space));
  }

  std::span<std::byte> Take(uint64_t bytes) {
    Require(bytes <= kBytesMax, "more scratch than the limits allow for");
    ASAN_UNPOISON_MEMORY_REGION(first_, bytes);
    ASAN_POISON_MEMORY_REGION(first_ + bytes,
                              kBytesMax - bytes < kGuard ? kBytesMax - bytes : kGuard);
    std::memset(first_, fill_, bytes);
    return {first_, bytes};
  }

 private:
  static constexpr uint64_t kBytesMax = 8 << 20;
  static constexpr uint64_t kGuard = 16 << 10;
  std::vector<std::byte> memory_ = std::vector<std::byte>(kBytesMax + 64);
  std::byte* first_ = nullptr;
  int fill_;
};

// What is decoded: RGB of a region, or planes of it.
struct Wanted {
  bool planes = false;
  PlanesRequest request;
  bool any_samples = false;  // those of the two sides need not be the same
};

struct Outcome {
  Status status;
  DecodeReport report;
  simd::PlanarPicture picture;  // RGB: one view of three channels
};

// One decoder with its scratch.
class Path {
 public:
  Path(JpegPath path, int fill) : scratch_(fill) {
    auto made = codecs::MakeJpegDecoder(path);
    Require(made.ok(), "no decoder");
    decoder_ = std::move(made.value());
  }

  Status ReadHeader(std::span<const std::byte> file, bool exif) {
    const Status status = decoder_->ReadHeader(file, kLimits, {.exif = exif}, &info_);
    Require(status.code() != Code::kInternal, "ReadHeader: internal error");
    return status;
  }
  const ImageInfo& info() const { return info_; }

  Outcome Run(const Wanted& wanted, DecodeCheckpoints* checkpoints = nullptr) {
    Outcome outcome;
    decoder_->UseCheckpoints(checkpoints);
    if (wanted.planes) {
      const std::span<std::byte> scratch =
          scratch_.Take(decoder_->PlanesScratchBytes(wanted.request));
      outcome.status =
          decoder_->DecodePlanes(wanted.request, scratch, &outcome.picture, &outcome.report);
    } else {
      const std::span<std::byte> scratch =
          scratch_.Take(decoder_->ScratchBytes(wanted.request.region));
      outcome.status = decoder_->Decode(wanted.request.region, scratch, &outcome.picture.plane[0],
                                        &outcome.report);
    }
    Require(outcome.status.code() != Code::kInternal, "internal error");
    return outcome;
  }

 private:
  std::unique_ptr<Decoder> decoder_;
  ImageInfo info_;
  Scratch scratch_;
};

bool SameView(const ConstImageView& a, const ConstImageView& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels) return false;
  for (uint32_t y = 0; y < a.height; ++y) {
    if (std::memcmp(a.Row(y), b.Row(y), a.row_bytes()) != 0) return false;
  }
  return true;
}

bool SameGrid(const simd::PlaneGrid& a, const simd::PlaneGrid& b) {
  return a.shift == b.shift && a.offset == b.offset;
}

void RequireSame(const Outcome& a, const Outcome& b, const Wanted& wanted, const char* what) {
  const auto require = [&](bool condition, const char* part) {
    if (condition) return;
    const RectPx& region = wanted.request.region;
    std::fprintf(stderr, "%s: %s differs; %s, region %u,%u %ux%u, 1/%u, status '%s' and '%s'\n",
                 what, part, wanted.planes ? "planes" : "RGB", region.x, region.y, region.width,
                 region.height, wanted.request.reduction, a.status.text(), b.status.text());
    Fail(what);
  };
  require(a.status.code() == b.status.code(), "status");
  require(a.report.extraneous == b.report.extraneous, "extraneous count");
  require(a.report.warnings == b.report.warnings, "warning count");
  if (!a.status.ok()) return;
  require(a.picture.count == b.picture.count, "number of planes");
  for (uint32_t c = 0; c < a.picture.count; ++c) {
    require(SameGrid(a.picture.across[c], b.picture.across[c]), "grid across");
    require(SameGrid(a.picture.down[c], b.picture.down[c]), "grid down");
    require(wanted.any_samples || SameView(a.picture.plane[c], b.picture.plane[c]), "samples");
  }
  require(a.picture.left == b.picture.left && a.picture.top == b.picture.top, "place");
  require(a.picture.width == b.picture.width && a.picture.height == b.picture.height, "size");
}

bool SameInfo(const ImageInfo& a, const ImageInfo& b) {
  return a.stored == b.stored && a.upright == b.upright && a.orientation == b.orientation &&
         a.source_channels == b.source_channels && a.progressive == b.progressive &&
         a.planar == b.planar;
}

RectPx RegionOf(const uint8_t part[4], SizePx size) {
  const auto scale = [](uint8_t value, uint32_t most) {  // 0 .. most - 1
    return value == 255 ? most - 1 : value * most / 256;
  };
  RectPx region;
  region.x = scale(part[0], size.width);
  region.y = scale(part[1], size.height);
  region.width = 1 + scale(part[2], size.width - region.x);
  region.height = 1 + scale(part[3], size.height - region.y);
  return region;
}

// What: everything that is done with one file. Owner: the target.
class Comparison {
 public:
  void Run(const JpegPathsControl& control, std::span<const std::byte> file) {
    const bool exif = (control.flags & 1) != 0;
    const Status status = ours_.ReadHeader(file, exif);
    Require(status.code() == library_.ReadHeader(file, exif).code(), "header's status differs");
    if (!status.ok()) return;
    Require(SameInfo(ours_.info(), library_.info()), "header differs");

    const SizePx size = ours_.info().upright;
    const PlanesRequest request = {RegionOf(control.region, size), 1u << (control.reduction & 3)};
    const bool any_samples = !codecs::kSameInOverflow && codecs::MayOverflow(file);
    const Wanted rgb = {false, request, any_samples};
    const Wanted planes = {true, request, any_samples};
    const bool for_planes = (control.flags & 4) != 0 && ours_.info().planar;
    const Wanted& compared = for_planes ? planes : rgb;
    const Wanted& beside = for_planes ? rgb : planes;
    if (!beside.planes || ours_.info().planar) {
      const Outcome expected = library_.Run(beside);
      RequireSame(ours_.Run(beside), expected, beside, "ours and libjpeg-turbo");
    }
    const Outcome expected = library_.Run(compared);
    RequireSame(ours_.Run(compared), expected, compared, "ours and libjpeg-turbo");
    CheckRestarts(compared, expected);
    CheckRecords(control, file, compared, expected);
  }

 private:
  // As if the file were trusted. Where a decode from the start is good, nothing may differ; damage
  // that it meets may have been passed over, and so may extraneous bytes.
  void CheckRestarts(const Wanted& compared, const Outcome& expected) {
    DecodeCheckpoints trust = {.restarts_trusted = true};
    Outcome trusted = ours_.Run(compared, &trust);
    trusted.report.extraneous = std::max(trusted.report.extraneous, expected.report.extraneous);
    if (expected.status.ok() || !trusted.status.ok()) {
      RequireSame(trusted, expected, compared, "at restart markers");
    }
    RequireSame(ours_.Run(compared), expected, compared, "after restart markers");
  }

  // `expected`: what libjpeg-turbo says of `compared`.
  void CheckRecords(const JpegPathsControl& control, std::span<const std::byte> file,
                    const Wanted& compared, const Outcome& expected) {
    std::vector<std::byte> record(codecs::JpegRecordBytesMax(file.size()));
    DecodeCheckpoints making = {.room = record};
    const bool on_other = (control.flags & 2) != 0;
    Wanted made_with = compared;
    if (on_other) made_with.request.region = RegionOf(control.other, ours_.info().upright);
    const Outcome made = ours_.Run(made_with, &making);
    if (!on_other) RequireSame(made, expected, compared, "making a record");
    Require(!making.rejected, "no record, but it was rejected");
    Require(making.made_bytes <= record.size(), "the record is too large");
    if (making.made_bytes == 0) return;
    record.resize(making.made_bytes);
    record.shrink_to_fit();

    DecodeCheckpoints with = {.record = record};
    RequireSame(ours_.Run(compared, &with), expected, compared, "with a record");
    Require(!with.rejected, "a right record was rejected");
    CheckFalseRecord(control, file, compared, expected, &record);
  }

  void CheckFalseRecord(const JpegPathsControl& control, std::span<const std::byte> file,
                        const Wanted& compared, const Outcome& expected,
                        std::vector<std::byte>* record) {
    std::vector<std::byte> changed;  // the file, for kStale
    const size_t data_offset = DataOffset(*record, file);
    Require(data_offset != 0, "the record's hash is of no header of this file");
    const auto damage = static_cast<Damage>(control.damage % kDamages);
    if (damage == kStale) {
      changed.assign(file.begin(), file.end());
      const size_t place = size_t{control.damage_place[0]} << 8 | control.damage_place[1];
      if (data_offset < file.size()) {
        changed[data_offset + place % (file.size() - data_offset)] ^=
            static_cast<std::byte>(control.damage_value);
      }
      if (!ours_.ReadHeader(changed, (control.flags & 1) != 0).ok()) return;
    }
    const std::vector<std::byte> before = *record;
    Falsify(control, file, record);
    record->shrink_to_fit();
    // Used twice: what the first use leaves in the decoder must not change the second.
    DecodeCheckpoints with = {.record = *record};
    const Outcome outcome = ours_.Run(compared, &with);
    if ((damage == kByteChanged || damage == kLengthChanged) && *record != before) {
      Require(with.rejected || record->empty(), "a damaged record was not rejected");
      RequireSame(outcome, expected, compared, "with a damaged record");
    }
    if (damage != kStale) {
      RequireSame(ours_.Run(compared), expected, compared, "after a false record");
    }
  }

  Path ours_{JpegPath::kOurs, 0x11};
  Path library_{JpegPath::kLibrary, 0xEE};
};

}  // namespace
}  // namespace headrace::fuzz

extern "C" __attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t* data,
                                                                             size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace headrace::fuzz;  // NOLINT: a harness, not a library
  static const std::unique_ptr<Comparison> comparison = std::make_unique<Comparison>();
  JpegPathsControl control;
  if (size < sizeof(control)) return 0;
  std::memcpy(&control, data, sizeof(control));
  // An allocation of its own: what is read before or behind the file is seen.
  const std::vector<std::byte> file(reinterpret_cast<const std::byte*>(data) + sizeof(control),
                                    reinterpret_cast<const std::byte*>(data) + size);
  comparison->Run(control, file);
  previous.assign(data, data + size);
  return 0;
}
