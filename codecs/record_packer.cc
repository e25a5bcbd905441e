#include "codecs/record_packer.h"

#include <algorithm>
#include <memory>
#include <new>

#include "base/aligned_bytes.h"
#include "codecs/coef_record.h"
#include "codecs/decoder_set.h"
#include "codecs/encoder.h"
#include "codecs/jpeg_coefficients.h"
#include "codecs/pack_rules.h"
#include "codecs/sniff.h"
#include "codecs/upright.h"
#include "simd/resize.h"

namespace headrace::codecs {
namespace {

constexpr uint32_t kQualityDefault = 90;
constexpr uint32_t kJpegSideMax = 65500;  // JPEG_MAX_DIMENSION
// A larger buffer is given back after the picture that needed it: else a single one in a data set
// would cost each worker its memory for the rest of the job.
constexpr size_t kKeptBytesMax = size_t{32} << 20;

template <class T>
void GiveBackLarge(std::vector<T>* buffer) {
  if (buffer->capacity() * sizeof(T) > kKeptBytesMax) std::vector<T>().swap(*buffer);
}

const char* ExtensionOf(Format format) {
  switch (format) {
    case Format::kJpeg: return "jpg";
    case Format::kPng: return "png";
    case Format::kWebp: return "webp";
    case Format::kGif: return "gif";
    case Format::kBmp: return "bmp";
    case Format::kTiff: return "tif";
    case Format::kCoef: return "hrc";
    case Format::kUnknown: break;
  }
  return "bin";
}

// Of three that are the same.
std::vector<uint8_t> FirstChannel(const ConstImageView& picture) {
  std::vector<uint8_t> grey;
  grey.reserve(size_t{picture.width} * picture.height);
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    for (uint32_t x = 0; x < picture.width; ++x) grey.push_back(row[size_t{x} * 3]);
  }
  return grey;
}

// Why a file with nothing known against it is copied, by the code that packing it ended with; null:
// nothing to say, it is of a kind that is always copied.
const char* RemarkOf(Code code) {
  switch (code) {
    case Code::kLimitMemory: return "too large to pack: it needs more than limits.jpeg_memory";
    case Code::kLimitBytes: return "too large to pack: it needs more than limits.max_decoded_bytes";
    case Code::kLimitPixels: return "too large to pack: a side of a JPEG is 65500 pixels at most";
    default: return nullptr;
  }
}

// What: see RecordPacker. Coefficients and scratch of ordinary pictures are kept, so that a job
// takes their memory once.
class Packer final : public RecordPacker {
 public:
  Packer(const PackOptions& options, std::unique_ptr<Decoder> decoder)
      : options_(options), decoder_(std::move(decoder)) {}

  Status Pack(std::span<const std::byte> file, PackedRecord* record) override;

 private:
  Status PackUnfenced(std::span<const std::byte> file, PackedRecord* record, bool* at_fault);
  void Copy(std::span<const std::byte> file, PackedRecord* record) const;
  void Trim();
  Status PackLossless(std::span<const std::byte> file, PackedRecord* record);
  Status WriteRecord(uint64_t file_bytes, PackedRecord* record);
  Status CheckReadable(PackedRecord* record);
  Status WriteRestarts(uint64_t file_bytes, PackedRecord* record);
  Status PackLossy(std::span<const std::byte> file, const ImageInfo& info, PackedRecord* record);
  Status DecodeSmaller(std::span<const std::byte> file, ConstImageView* picture);

  const PackOptions options_;
  std::unique_ptr<Decoder> decoder_;
  JpegCoefficientImage image_;
  AlignedBytes decoded_;
  AlignedBytes resized_;
  AlignedBytes resize_scratch_;
};

Status Packer::Pack(std::span<const std::byte> file, PackedRecord* record) {
  *record = {};
  try {
    bool at_fault = true;
    const Status status = PackUnfenced(file, record, &at_fault);
    Trim();
    if (status.code() == Code::kOutOfMemory) return status;
    if (!status.ok()) {
      Copy(file, record);
      if (at_fault) record->reason = status;
      if (!at_fault) record->remark = RemarkOf(status.code());
      return {};
    }
    // The file is not larger: its header was read.
    if (record->bytes.size() > options_.limits.max_encoded_bytes) {
      Copy(file, record);
      record->remark = "too large to pack: its record would pass limits.max_encoded_bytes";
    }
  } catch (const std::bad_alloc&) {
    return {Code::kOutOfMemory, "no memory to pack a picture"};
  }
  return {};
}

void Packer::Copy(std::span<const std::byte> file, PackedRecord* record) const {
  record->bytes.assign(file.begin(), file.end());
  record->extension = ExtensionOf(Sniff(file));
  record->copied = true;
  record->restarts_trusted = false;
  record->bands = {};
}

void Packer::Trim() {
  for (JpegCoefficientImage::Plane& plane : image_.plane) {
    GiveBackLarge(&plane.coefficients);
  }
  decoded_.Trim(kKeptBytesMax);
  resized_.Trim(kKeptBytesMax);
  resize_scratch_.Trim(kKeptBytesMax);
}

// Fails when the file has to be copied; `at_fault`: because something is wrong with it.
Status Packer::PackUnfenced(std::span<const std::byte> file, PackedRecord* record, bool* at_fault) {
  ImageInfo info;
  HR_TRY(decoder_->ReadHeader(file, options_.limits, {}, &info));
  record->size = info.stored;
  const uint32_t side = std::max(info.stored.width, info.stored.height);
  const bool too_large = options_.max_side_px != 0 && side > options_.max_side_px;
  const bool lossy = too_large || options_.quality != 0;
  Status status = {Code::kUnsupportedFormat, "not a JPEG"};
  if (lossy) status = PackLossy(file, info, record);
  if (!lossy && info.format == Format::kJpeg) status = PackLossless(file, record);
  // The header was good and within the limits. All coefficients, or all pixels, are the packer's
  // own way, which takes more memory than crops do.
  *at_fault =
      RemarkOf(status.code()) == nullptr && (lossy || status.code() != Code::kUnsupportedFormat);
  return status;
}

// ---- Lossless: the same coefficients in another coding.

Status Packer::PackLossless(std::span<const std::byte> file, PackedRecord* record) {
  HR_TRY(ReadJpegCoefficients(file, options_.limits, &image_));
  image_.segments = WithShortExif(image_.segments, options_.limits);
  return WriteRecord(file.size(), record);
}

Status Packer::WriteRecord(uint64_t file_bytes, PackedRecord* record) {
  if (options_.codec == PackCodec::kCoef) {
    // What becomes no JPEG again would be locked in.
    HR_TRY(CheckWritable(image_));
    const Status status = EncodeCoefRecord(image_, &record->bytes);
    if (status.ok()) {
      record->extension = "hrc";
      return CheckReadable(record);
    }
    // Sampling that the record has no layout for: a JPEG with restart markers is the next best.
    if (status.code() != Code::kUnsupportedFormat) return status;
  }
  return WriteRestarts(file_bytes, record);
}

// Its decoder cannot do without the bands that the JPEG's leaves out where they do not fit.
Status Packer::CheckReadable(PackedRecord* record) {
  if (record->bytes.size() > options_.limits.max_encoded_bytes) return {};  // looked at later
  ImageInfo info;
  HR_TRY(decoder_->ReadHeader(record->bytes, options_.limits, {}, &info));
  decoder_->FindBands(&record->bands);
  const RectPx whole = {0, 0, info.upright.width, info.upright.height};
  if (decoder_->ScratchBytes(whole) <= options_.limits.max_decoded_bytes) return {};
  return {Code::kLimitBytes, "the record would need more than limits.max_decoded_bytes"};
}

Status Packer::WriteRestarts(uint64_t file_bytes, PackedRecord* record) {
  const uint32_t restart_mcus = ChooseRestartMcus(image_, file_bytes);
  HR_TRY(WriteJpeg(image_, {.restart_mcus = restart_mcus}, &record->bytes));
  // Files that had the best tables already: half of the markers.
  if (restart_mcus != 0 && record->bytes.size() * 40 > file_bytes * 41) {
    HR_TRY(WriteJpeg(image_, {.restart_mcus = 2 * restart_mcus}, &record->bytes));
  }
  record->extension = "jpg";
  record->restarts_trusted = true;
  ImageInfo info;
  // A record that its own decoder would not take is looked at later, and has no bands.
  if (decoder_->ReadHeader(record->bytes, options_.limits, {}, &info).ok()) {
    decoder_->FindBands(&record->bands);
  }
  return {};
}

// ---- Lossy: a smaller picture, or one of another quality.

// As it is stored, not upright: the orientation stays a tag beside it.
Status Packer::DecodeSmaller(std::span<const std::byte> file, ConstImageView* picture) {
  ImageInfo info;
  HR_TRY(decoder_->ReadHeader(file, options_.limits, {.exif = false}, &info));
  const RectPx whole = {0, 0, info.stored.width, info.stored.height};
  const uint64_t scratch_bytes = decoder_->ScratchBytes(whole);
  if (scratch_bytes > options_.limits.max_decoded_bytes) {
    return {Code::kLimitBytes, "decoding needs more memory than limits.max_decoded_bytes"};
  }
  ConstImageView pixels;
  DecodeReport report;
  HR_TRY(decoder_->Decode(whole, decoded_.Take(scratch_bytes), &pixels, &report));
  *picture = pixels;
  const SizePx size = ThumbnailSize(whole.size(), options_.max_side_px);
  if (size == whole.size()) return {};
  const std::span<std::byte> room = resized_.Take(uint64_t{size.width} * size.height * 3);
  const ImageView smaller = {reinterpret_cast<uint8_t*>(room.data()), size.width, size.height, 3,
                             size_t{size.width} * 3};
  constexpr simd::Filter kFilter = simd::Filter::kBicubic;  // Pillow's choice for thumbnails
  simd::Resize(pixels, smaller, kFilter, simd::Mirror::kNo,
               resize_scratch_.Take(simd::ResizeScratchBytes(whole.size(), size, 3, kFilter)));
  *picture = smaller;
  return {};
}

Status Packer::PackLossy(std::span<const std::byte> file, const ImageInfo& info,
                         PackedRecord* record) {
  const SizePx size = ThumbnailSize(info.stored, options_.max_side_px);
  if (std::max(size.width, size.height) > kJpegSideMax) {
    return {Code::kLimitPixels, "a JPEG has 1 to 65500 pixels a side"};
  }
  ConstImageView picture;
  HR_TRY(DecodeSmaller(file, &picture));
  const uint32_t quality = options_.quality != 0 ? options_.quality : kQualityDefault;
  std::vector<uint8_t> grey;
  if (info.source_channels <= 2) {
    grey = FirstChannel(picture);
    picture = {grey.data(), picture.width, picture.height, 1, picture.width};
  }
  HR_ASSIGN_OR_RETURN(const std::vector<std::byte> jpeg,
                      EncodeJpeg(picture, {.quality = static_cast<int>(quality)}));
  HR_TRY(ReadJpegCoefficients(jpeg, options_.limits, &image_));
  const auto keep = [&](const std::vector<std::byte>& segments) {
    image_.segments.insert(image_.segments.end(), segments.begin(), segments.end());
  };
  keep(OrientationSegment(info.orientation));
  // A profile is of the colours that the file had; those of CMYK are gone.
  if (info.format == Format::kJpeg && info.source_channels != 4) keep(ProfileSegments(file));
  record->size = image_.size;
  return WriteRecord(jpeg.size(), record);
}

}  // namespace

Result<std::unique_ptr<RecordPacker>> RecordPacker::Make(const PackOptions& options) {
  if (options.quality > 100) return Status(Code::kInvalidArgument, "quality is 1 to 100");
  Result<std::unique_ptr<Decoder>> decoder = MakeDecoderSet(options.limits);
  if (!decoder.ok()) return decoder.status();
  return std::unique_ptr<RecordPacker>(std::make_unique<Packer>(options, std::move(*decoder)));
}

}  // namespace headrace::codecs
