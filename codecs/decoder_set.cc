#include "codecs/decoder_set.h"

#include "base/checked_math.h"
#include "codecs/coef_record.h"
#include "codecs/jpeg_decoder.h"
#include "codecs/limit_checks.h"
#include "codecs/png_decoder.h"
#include "codecs/sniff.h"
#include "codecs/webp_decoder.h"

namespace headrace::codecs {
namespace {

// What: the decoder that a file's first bytes ask for. Owner and thread: one worker. Cost: that of
// the decoders, which are made once and reused.
class DecoderSet final : public Decoder {
 public:
  DecoderSet(std::unique_ptr<Decoder> jpeg, std::unique_ptr<Decoder> png,
             std::unique_ptr<Decoder> webp, std::unique_ptr<Decoder> coef)
      : jpeg_(std::move(jpeg)),
        png_(std::move(png)),
        webp_(std::move(webp)),
        coef_(std::move(coef)) {}

  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override {
    current_ = nullptr;
    *info = {};
    HR_TRY(CheckEncodedBytes(file, limits));
    info->format = Sniff(file);
    HR_TRY(CheckSupported(info->format, file));
    if (!options.part.is_whole() && info->format != Format::kJpeg &&
        info->format != Format::kCoef) {
      return {Code::kInvalidArgument, "a file of this format is read whole"};
    }
    Decoder* decoder = DecoderOf(info->format);
    HR_TRY(decoder->ReadHeader(file, limits, options, info));
    current_ = decoder;
    return {};
  }

  uint64_t ScratchBytes(const RectPx& region) const override {
    return current_ != nullptr ? current_->ScratchBytes(region) : 0;
  }

  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override {
    if (current_ == nullptr) {
      return {Code::kInvalidArgument, "Decode was called without a header that was read"};
    }
    return current_->Decode(region, scratch, pixels, report);
  }

  simd::PlanarPicture PlanesShape(const PlanesRequest& request) const override {
    return current_ != nullptr ? current_->PlanesShape(request) : simd::PlanarPicture();
  }

  uint64_t PlanesScratchBytes(const PlanesRequest& request) const override {
    return current_ != nullptr ? current_->PlanesScratchBytes(request) : 0;
  }

  Status DecodePlanes(const PlanesRequest& request, std::span<std::byte> scratch,
                      simd::PlanarPicture* picture, DecodeReport* report) override {
    if (current_ == nullptr) {
      return {Code::kInvalidArgument, "DecodePlanes was called without a header that was read"};
    }
    return current_->DecodePlanes(request, scratch, picture, report);
  }

  void UseCheckpoints(DecodeCheckpoints* checkpoints) override {
    if (current_ != nullptr) current_->UseCheckpoints(checkpoints);
  }

  bool FindBands(RecordBands* bands) const override {
    return current_ != nullptr && current_->FindBands(bands);
  }

 private:
  Decoder* DecoderOf(Format format) const {
    if (format == Format::kJpeg) return jpeg_.get();
    if (format == Format::kPng) return png_.get();
    return format == Format::kWebp ? webp_.get() : coef_.get();
  }

  std::unique_ptr<Decoder> jpeg_;
  std::unique_ptr<Decoder> png_;
  std::unique_ptr<Decoder> webp_;
  std::unique_ptr<Decoder> coef_;
  Decoder* current_ = nullptr;  // of the file whose header was read last
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeDecoderSet(const Limits& limits) {
  HR_ASSIGN_OR_RETURN(auto jpeg, MakeJpegDecoder());
  HR_ASSIGN_OR_RETURN(auto png, MakePngDecoder(limits));
  HR_ASSIGN_OR_RETURN(auto webp, MakeWebpDecoder());
  HR_ASSIGN_OR_RETURN(auto coef, MakeCoefDecoder());
  return std::unique_ptr<Decoder>(std::make_unique<DecoderSet>(std::move(jpeg), std::move(png),
                                                               std::move(webp), std::move(coef)));
}

uint64_t DecoderSetBytes(const Limits& limits) {
  const uint64_t own =
      sizeof(DecoderSet) + JpegDecoderBytes() + WebpDecoderBytes() + CoefDecoderBytes();
  return SaturatingAdd(own, PngDecoderBytes(limits));
}

}  // namespace headrace::codecs
