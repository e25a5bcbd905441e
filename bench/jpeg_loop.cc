#include "bench/jpeg_loop.h"

#include <algorithm>

#include "base/checked_math.h"
#include "bench/measure.h"
#include "codecs/jpeg_decoder.h"

namespace headrace::bench {
namespace {

constexpr uint32_t kSlots = 64;
constexpr size_t kSlotBytes = size_t{kOutputPx} * kOutputPx * 3 * sizeof(float);
constexpr uint64_t kAlignment = 64;

loader::HostMemory Map(uint64_t bytes) {
  auto memory = loader::HostMemory::Map(bytes, loader::HostMemory::Pages::kHuge);
  if (!memory.ok()) Fail(memory.status().text());
  return std::move(*memory);
}

std::unique_ptr<loader::SampleProcessor> MakeProcessor(const JpegFolder& folder,
                                                       loader::JpegMode mode,
                                                       loader::BigImageArea* area) {
  loader::ProcessOptions options = loader::ProcessOptionsOf(folder.config().decode);
  options.jpeg = mode;
  const Limits& limits = folder.config().limits;
  auto made = loader::SampleProcessor::Make(limits, options, folder.program(),
                                            limits.scratch_pixels * 3, area);
  if (!made.ok()) Fail(made.status().text());
  return std::move(*made);
}

}  // namespace

const char* WayName(Way way) {
  constexpr const char* kNames[kWays] = {"full", "crop_skip",         "exact",
                                         "fast", "exact_checkpoints", "fast_checkpoints"};
  return kNames[static_cast<size_t>(way)];
}

JpegLoop::JpegLoop(const JpegFolder& folder) : folder_(folder) {
  const loader::OutputConfig& output = folder.config().output;
  normalise_ = std::make_unique<simd::ConvertTable>(simd::MakeConvertTable(
      simd::Dtype::kF32, simd::Layout::kNchw, 3, output.mean->data(), output.std->data()));
  plain_ = std::make_unique<simd::ConvertTable>(
      simd::MakeConvertTable(simd::Dtype::kU8, simd::Layout::kNhwc, 3, nullptr, nullptr));
  const Limits& limits = folder.config().limits;
  auto area = loader::BigImageArea::Make(limits.max_decoded_bytes);
  if (!area.ok()) Fail(area.status().text());
  big_area_ = std::move(*area);
  exact_ = MakeProcessor(folder, loader::JpegMode::kExact, big_area_.get());
  fast_ = MakeProcessor(folder, loader::JpegMode::kFast, big_area_.get());
  auto library = codecs::MakeJpegDecoder(codecs::JpegPath::kLibrary);
  if (!library.ok()) Fail(library.status().text());
  library_ = std::move(*library);
  folder.program().Prepare(&recipe_);

  // Pages that no picture needs are never touched.
  uint64_t pixels_max = 0;
  for (uint64_t id = 0; id < folder.size(); ++id) {
    const SizePx size = folder.file(id).size;
    pixels_max = std::max(pixels_max, uint64_t{size.width} * size.height);
  }
  slots_ = Map(kSlots * kSlotBytes);
  whole_ = Map(pixels_max * 3);
  scratch_ = Map(pixels_max * 8 + (uint64_t{64} << 20));

  jpeg_.err = jpeg_std_error(&errors_.base);
  errors_.base.error_exit = OnError;
  errors_.base.emit_message = [](j_common_ptr, int) {};
  jpeg_create_decompress(&jpeg_);
}

JpegLoop::~JpegLoop() { jpeg_destroy_decompress(&jpeg_); }

void JpegLoop::OnError(j_common_ptr jpeg) {
  std::longjmp(reinterpret_cast<ErrorManager*>(jpeg->err)->escape, 1);
}

void JpegLoop::Run(Way way, std::span<const Draw> draws) {
  // On from where the last call ended: a loop that writes to the same few slots has them in its
  // cache, which a loader's batches never are.
  for (const Draw& draw : draws) {
    RunOne(way, draw, *normalise_, slots_.data() + slot_ * kSlotBytes);
    slot_ = (slot_ + 1) % kSlots;
  }
}

void JpegLoop::Pixels(Way way, const Draw& draw, std::vector<uint8_t>* pixels) {
  pixels->resize(size_t{kOutputPx} * kOutputPx * 3);
  RunOne(way, draw, *plain_, pixels->data());
}

void JpegLoop::RunOne(Way way, const Draw& draw, const simd::ConvertTable& table, void* out) {
  const Status status = way == Way::kFull       ? RunFull(draw, table, out)
                        : way == Way::kCropSkip ? RunCropSkip(draw, table, out)
                                                : RunProcessor(way, draw, table, out);
  if (!status.ok()) {
    Fail(folder_.file(draw.id).name + " (" + WayName(way) + "): " + status.text());
  }
}

// ------------------------------------------------------------------ the reference

// Not more than this: EXIF orientation is not looked at, and no limit is checked.
Status JpegLoop::RunFull(const Draw& draw, const simd::ConvertTable& table, void* out) {
  ConstImageView picture;
  if (!DecodeWhole(folder_.file(draw.id), &picture)) {
    return {Code::kCorrupt, "libjpeg-turbo cannot decode it"};
  }
  HR_TRY(folder_.program().MakeRecipe(folder_.KeyOf(draw), picture.size(), &recipe_));
  return Finish(picture.Crop(recipe_.region), scratch_.span(), table, out);
}

bool JpegLoop::DecodeWhole(const JpegFile& file, ConstImageView* picture) {
  if (setjmp(errors_.escape) != 0) {
    jpeg_abort_decompress(&jpeg_);
    return false;
  }
  jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(file.bytes.data()),
               file.bytes.size());
  jpeg_read_header(&jpeg_, TRUE);
  jpeg_.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg_);
  auto* pixels = reinterpret_cast<uint8_t*>(whole_.data());
  const size_t stride = size_t{jpeg_.output_width} * 3;
  constexpr uint32_t kRows = 16;
  while (jpeg_.output_scanline < jpeg_.output_height) {
    JSAMPROW rows[kRows];
    for (uint32_t i = 0; i < kRows; ++i) {
      rows[i] = pixels + stride * std::min(jpeg_.output_scanline + i, jpeg_.output_height - 1);
    }
    jpeg_read_scanlines(&jpeg_, rows, kRows);
  }
  *picture = {pixels, jpeg_.output_width, jpeg_.output_height, 3, stride};
  jpeg_finish_decompress(&jpeg_);
  return true;
}

// ------------------------------------------------------------------ the others

Status JpegLoop::RunCropSkip(const Draw& draw, const simd::ConvertTable& table, void* out) {
  codecs::ImageInfo info;
  HR_TRY(library_->ReadHeader(folder_.file(draw.id).bytes, folder_.config().limits, {}, &info));
  HR_TRY(folder_.program().MakeRecipe(folder_.KeyOf(draw), info.upright, &recipe_));
  const uint64_t bytes = RoundUp(library_->ScratchBytes(recipe_.region), kAlignment);
  if (bytes > scratch_.bytes()) return {Code::kLimitBytes, "its crop needs too much scratch"};
  ConstImageView decoded;
  codecs::DecodeReport report;
  HR_TRY(library_->Decode(recipe_.region, scratch_.span().first(bytes), &decoded, &report));
  return Finish(decoded, scratch_.span().subspan(bytes), table, out);
}

Status JpegLoop::Finish(const ConstImageView& decoded, std::span<std::byte> scratch,
                        const simd::ConvertTable& table, void* out) {
  if (folder_.program().ScratchBytes(recipe_) > scratch.size()) {
    return {Code::kLimitBytes, "its resize needs too much scratch"};
  }
  ConstImageView pixels;
  simd::FlipColumns flip = simd::FlipColumns::kNo;
  loader::AugmentProgram::Timing timing;
  HR_TRY(folder_.program().Apply(recipe_, decoded, scratch, &pixels, &flip, &timing));
  simd::Convert(pixels, flip, table, out);
  return {};
}

Status JpegLoop::RunProcessor(Way way, const Draw& draw, const simd::ConvertTable& table,
                              void* out) {
  const bool fast = way == Way::kFast || way == Way::kFastCheckpoints;
  const bool with_record = way == Way::kExactCheckpoints || way == Way::kFastCheckpoints;
  const JpegFile& file = folder_.file(draw.id);
  codecs::DecodeCheckpoints checkpoints;
  if (with_record) checkpoints.record = file.record;
  loader::ProcessTiming timing;
  loader::SampleProcessor& processor = fast ? *fast_ : *exact_;
  return processor.Process(
      file.bytes, folder_.KeyOf(draw), 1, &checkpoints, nullptr, &timing,
      [&](uint32_t, const loader::ProcessedPicture& picture) { picture.ConvertTo(table, out); });
}

// ------------------------------------------------------------------ timing

WayTimes TimeWays(JpegLoop* loop, std::span<const Draw> draws, size_t draws_a_turn) {
  WayTimes times;
  for (size_t first = 0; first < draws.size(); first += draws_a_turn) {
    const auto turn = draws.subspan(first, std::min(draws_a_turn, draws.size() - first));
    // Each turn begins with another way: who comes first finds the files in a colder cache.
    for (size_t i = 0; i < kWays; ++i) {
      const size_t way = (i + first / draws_a_turn) % kWays;
      const int64_t begin = ThreadCpuNs();
      loop->Run(kAllWays[way], turn);
      times.ns[way] += static_cast<double>(ThreadCpuNs() - begin);
    }
  }
  return times;
}

std::vector<Draw> DrawsOf(const JpegFolder& folder, uint32_t first_epoch, uint32_t epochs) {
  std::vector<Draw> draws;
  for (uint32_t epoch = first_epoch; epoch < first_epoch + epochs; ++epoch) {
    for (uint64_t id = 0; id < folder.size(); ++id) draws.push_back({epoch, id});
  }
  return draws;
}

size_t DrawsATurn(const JpegFolder& folder) {
  constexpr uint64_t kTurnPixels = 12'000'000;  // about 0.1 s of a full decode
  const uint64_t pixels_each = folder.pixels() / folder.size() + 1;
  return std::clamp<uint64_t>(kTurnPixels / pixels_each, 1, 50);
}

}  // namespace headrace::bench
