#include "loader/scan/sample_judge.h"

#include <memory>
#include <new>

#include "base/hash.h"
#include "codecs/decoder_set.h"
#include "loader/sample_processor.h"
#include "loader/sample_read.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kOrdinaryScratchBytes = uint64_t{64} << 20;

}  // namespace

Result<std::unique_ptr<SampleJudge>> SampleJudge::Make(const Config& config, const Dataset& dataset,
                                                       LargePictures* large) {
  std::unique_ptr<SampleJudge> made(new SampleJudge(config, dataset, large));
  made->options_ = ProcessOptionsOf(config.decode).decode;
  HR_ASSIGN_OR_RETURN(io::MadeReader reader, MakeSampleReader(dataset));
  made->reader_ = std::move(reader.reader);
  HR_ASSIGN_OR_RETURN(made->decoder_, codecs::MakeDecoderSet(config.limits));
  return made;
}

Status SampleJudge::Read(uint64_t id, SampleFact* fact, std::span<const std::byte>* file) {
  fact->bytes = dataset_.Locate(id).bytes;
  if (fact->bytes > config_.limits.max_encoded_bytes) {
    return {Code::kLimitBytes, "the file is larger than limits.max_encoded_bytes"};
  }
  if (file_.size() < fact->bytes) file_.resize(fact->bytes);
  const std::span<std::byte> room = std::span(file_).first(fact->bytes);
  HR_TRY(ReadSample(reader_.get(), dataset_, id, room));
  fact->hash = Hash64(room);
  fact->was_read = true;
  *file = room;
  return {};
}

Status SampleJudge::Decode(std::span<const std::byte> file, SampleFact* fact) {
  codecs::ImageInfo info;
  const Status header = decoder_->ReadHeader(file, config_.limits, options_, &info);
  fact->format = info.format;
  HR_TRY(header);
  fact->width = info.upright.width;
  fact->height = info.upright.height;
  fact->channels = info.source_channels;
  fact->has_alpha = info.has_alpha;
  fact->progressive = info.progressive;
  fact->turned = info.orientation != 1;
  const RectPx all{0, 0, info.upright.width, info.upright.height};
  const uint64_t bytes = decoder_->ScratchBytes(all);
  if (bytes > config_.limits.max_decoded_bytes) {
    return {Code::kLimitBytes, "decoding needs more memory than limits.max_decoded_bytes"};
  }
  codecs::DecodeReport report;
  ConstImageView pixels;
  Status status;
  if (bytes > kOrdinaryScratchBytes) {
    const std::lock_guard lock(large_.one_at_a_time);
    AlignedBytes memory;
    status = decoder_->Decode(all, memory.Take(bytes), &pixels, &report);
  } else {
    status = decoder_->Decode(all, scratch_.Take(bytes), &pixels, &report);
  }
  fact->extraneous = report.extraneous > 0;
  return status;
}

SampleFact SampleJudge::Judge(uint64_t id) {
  SampleFact fact;
  std::span<const std::byte> file;
  fact.status = Read(id, &fact, &file);
  if (fact.status.ok()) fact.status = Decode(file, &fact);
  fact.was_seen = true;
  return fact;
}

}  // namespace headrace::loader
