// The decoders of JPEGs and of coefficient records part by part, on the files of a folder or on
// generated ones:
//
//   bench_codecs --benchmark_filter=Entropy
//   HEADRACE_BENCH_FOLDER=photographs bench_codecs --benchmark_repetitions=5
//
// An iteration takes every file of a set once. Bytes per second are of the encoded files, also
// where only a crop of them is decoded; "s/block" and "s/image" are seconds each.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "bench/jpeg_folder.h"
#include "bench/measure.h"
#include "codecs/coef_layout.h"
#include "codecs/coef_record.h"
#include "codecs/encoder.h"
#include "codecs/jpeg_coefficients.h"
#include "codecs/jpeg_decoder.h"
#include "codecs/jpeg_entropy.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_island.h"
#include "loader/host_memory.h"
#include "simd/coef_unpack.h"
#include "simd/idct.h"

namespace headrace::bench {
namespace {

constexpr size_t kFilesMax = 48;  // of a folder, spread over it
constexpr uint32_t kGenerated = 8;
constexpr SizePx kGeneratedSize = {500, 375};

using codecs::JpegCoefficients;
using codecs::JpegPlace;

// A file of a set, looked at once.
struct Subject {
  const JpegFile* file = nullptr;
  RectPx crop;  // of a random_resized_crop
  codecs::JpegFrame frame;
  uint64_t data_bytes = 0;  // entropy-coded, to the end of the file
  uint32_t blocks = 0;
  std::vector<JpegPlace> row_places;  // where each row of MCUs begins
  std::vector<std::byte> coef_record;
};

struct Set {
  std::unique_ptr<JpegFolder> folder;
  std::vector<Subject> subjects;
  uint64_t bytes = 0;
  uint64_t blocks = 0;
  uint64_t data_bytes = 0;
  uint64_t coef_bytes = 0;
};

// ------------------------------------------------------------------ sets

// Edges, slopes and grain, about as many bits a pixel as a photograph.
void Generate(const std::string& folder, bool subsample) {
  std::filesystem::create_directories(folder);
  const SizePx size = kGeneratedSize;
  std::vector<uint8_t> pixels(size_t{size.width} * size.height * 3);
  for (uint32_t number = 0; number < kGenerated; ++number) {
    RandomStream stream({.seed = 3, .unit = number, .name = "picture"});
    double waves[4][3];
    for (auto& wave : waves) {
      wave[0] = stream.NextUniform(0.002, 0.12);
      wave[1] = stream.NextUniform(-0.12, 0.12);
      wave[2] = stream.NextUniform(8, 40);
    }
    uint8_t* to = pixels.data();
    for (uint32_t y = 0; y < size.height; ++y) {
      for (uint32_t x = 0; x < size.width; ++x) {
        double sum = 110;
        for (const auto& wave : waves) sum += wave[2] * std::sin(wave[0] * x + wave[1] * y);
        if ((x / 37 + y / 29) % 5 == 0) sum += 30;
        const double grain = 5 * stream.NextNormal();
        for (int c = 0; c < 3; ++c) {
          const double tint = 12 * c * std::sin(0.02 * (x + y * c));
          *to++ = static_cast<uint8_t>(std::clamp(sum + grain + tint, 0.0, 255.0));
        }
      }
    }
    auto bytes =
        codecs::EncodeJpeg({pixels.data(), size.width, size.height, 3, size_t{size.width} * 3},
                           {.quality = 90, .subsample = subsample});
    if (!bytes.ok()) Fail(bytes.status().text());
    std::ofstream stream_out(folder + "/" + std::to_string(number) + ".jpg", std::ios::binary);
    stream_out.write(reinterpret_cast<const char*>(bytes->data()),
                     static_cast<std::streamsize>(bytes->size()));
    if (!stream_out.flush()) Fail("cannot write to " + folder);
  }
}

// False: not a file for our own decoder.
bool LookAt(const JpegFolder& folder, uint64_t id, codecs::JpegIsland* island, Subject* subject) {
  const JpegFile& file = folder.file(id);
  codecs::JpegHeader header;
  if (!codecs::JpegReadHeader(*island, file.bytes, {}, &header).ok()) return false;
  subject->file = &file;
  subject->frame = codecs::JpegDescribe(*island, file.bytes);
  const codecs::JpegFrame& frame = subject->frame;
  if (!frame.ours) return false;
  loader::Recipe recipe;
  folder.program().Prepare(&recipe);
  if (!folder.program().MakeRecipe(folder.KeyOf({0, id}), file.size, &recipe).ok()) return false;
  subject->crop = recipe.region;

  const auto tables = std::make_unique<codecs::JpegScanTables>();
  codecs::JpegEntropyDecoder entropy;
  if (!tables->Prepare(frame) || !entropy.Begin(*tables)) return false;
  for (uint32_t row = 0; row < frame.mcus_down(); ++row) {
    subject->row_places.push_back(entropy.place());
    if (!entropy.Skip(frame.mcus_across())) return false;
  }
  subject->blocks = tables->mcus() * tables->layout().blocks;
  subject->data_bytes = file.bytes.size() - frame.data_offset;
  codecs::JpegCoefficientImage image;
  return codecs::ReadJpegCoefficients(file.bytes, {}, &image).ok() &&
         codecs::EncodeCoefRecord(image, &subject->coef_record).ok();
}

std::unique_ptr<Set> MakeSet(const std::string& path) {
  auto set = std::make_unique<Set>();
  set->folder = std::make_unique<JpegFolder>(path);
  const codecs::JpegIslandHandle island = codecs::MakeJpegIsland();
  if (island == nullptr) Fail("no memory for libjpeg-turbo");
  const size_t files = std::min(set->folder->size(), kFilesMax);
  set->subjects.reserve(files);
  for (size_t i = 0; i < files; ++i) {
    Subject subject;
    const uint64_t id = i * set->folder->size() / files;
    if (!LookAt(*set->folder, id, island.get(), &subject)) continue;
    set->bytes += subject.file->bytes.size();
    set->blocks += subject.blocks;
    set->data_bytes += subject.data_bytes;
    set->coef_bytes += subject.coef_record.size();
    set->subjects.push_back(std::move(subject));
  }
  if (set->subjects.empty()) Fail(path + ": no file for the region decoder");
  return set;
}

// ------------------------------------------------------------------ entropy decoding alone

// Coefficients of a few MCUs, as many as stay in the first-level cache, laid out as the inverse DCT
// takes them. Nothing reads them here, so they need not be cleared in between.
class Chunk {
 public:
  static constexpr uint32_t kBlocks = 48;
  static constexpr uint32_t kBlocksMax = 160;

  // Returns the MCUs that fit.
  uint32_t LayOut(const codecs::JpegFrame& frame, const codecs::JpegMcuLayout& layout) {
    const uint32_t group = simd::kIdctGroupBlocksMax;
    const uint32_t mcus = (std::max(kBlocks / layout.blocks, 1u) + group - 1) / group * group;
    uint32_t first[codecs::kJpegComponentsMax][2] = {};
    uint32_t block = 0;
    for (uint32_t c = 0; c < frame.components; ++c) {
      for (uint32_t row = 0; row < frame.BlocksDown(c); ++row) {
        first[c][row] = block;
        block += mcus * frame.BlocksAcross(c);
      }
    }
    for (uint32_t b = 0; b < layout.blocks; ++b) {
      const uint32_t at = first[layout.block[b].component][layout.block[b].row];
      to_.row[b] = {coefficients_ + size_t{at} * codecs::kJpegCoefficients, last_ + at};
    }
    return mcus;
  }
  const JpegCoefficients& to() const { return to_; }

 private:
  alignas(64) int16_t coefficients_[kBlocksMax * codecs::kJpegCoefficients] = {};
  uint8_t last_[kBlocksMax] = {};
  JpegCoefficients to_;
};

// What a decoder owns: kept from file to file.
struct EntropyParts {
  codecs::JpegScanTables tables;
  codecs::JpegEntropyDecoder first;
  codecs::JpegEntropyDecoder second;
  Chunk chunks[2];
};

bool SkipAll(EntropyParts* parts, const Subject& subject) {
  return parts->tables.Prepare(subject.frame) && parts->first.Begin(parts->tables) &&
         parts->first.Skip(parts->tables.mcus());
}

// The rest of the row that `decoder` stands in, chunk by chunk.
bool StoreRow(codecs::JpegEntropyDecoder* decoder, const Chunk& chunk, uint32_t chunk_mcus,
              uint32_t mcus) {
  for (uint32_t done = 0; done < mcus; done += chunk_mcus) {
    if (!decoder->Decode(std::min(chunk_mcus, mcus - done), chunk.to())) return false;
  }
  return true;
}

bool StoreAll(EntropyParts* parts, const Subject& subject) {
  const codecs::JpegFrame& frame = subject.frame;
  if (!parts->tables.Prepare(frame) || !parts->first.Begin(parts->tables)) return false;
  const uint32_t chunk_mcus = parts->chunks[0].LayOut(frame, parts->tables.layout());
  for (uint32_t row = 0; row < frame.mcus_down(); ++row) {
    if (!StoreRow(&parts->first, parts->chunks[0], chunk_mcus, frame.mcus_across())) return false;
  }
  return true;
}

// Two rows at a time, as checkpoints allow it.
bool StoreBoth(EntropyParts* parts, const Subject& subject) {
  const codecs::JpegFrame& frame = subject.frame;
  if (!parts->tables.Prepare(frame) || !parts->first.Begin(parts->tables) ||
      !parts->second.Begin(parts->tables)) {
    return false;
  }
  uint32_t chunk_mcus = 0;
  for (Chunk& chunk : parts->chunks) chunk_mcus = chunk.LayOut(frame, parts->tables.layout());
  const uint32_t across = frame.mcus_across();
  for (uint32_t row = 0; row < frame.mcus_down(); row += 2) {
    if (!parts->first.Seek(row * across, subject.row_places[row])) return false;
    if (row + 1 == frame.mcus_down()) {
      return StoreRow(&parts->first, parts->chunks[0], chunk_mcus, across);
    }
    if (!parts->second.Seek((row + 1) * across, subject.row_places[row + 1])) return false;
    for (uint32_t done = 0; done < across; done += chunk_mcus) {
      if (!codecs::JpegEntropyDecoder::DecodeBoth(&parts->first, parts->chunks[0].to(),
                                                  &parts->second, parts->chunks[1].to(),
                                                  std::min(chunk_mcus, across - done))) {
        return false;
      }
    }
  }
  return true;
}

void SetEach(benchmark::State& state, const char* name, uint64_t count) {
  state.counters[name] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

void BenchEntropy(benchmark::State& state, const Set* set,
                  bool (*decode)(EntropyParts*, const Subject&)) {
  const auto parts = std::make_unique<EntropyParts>();
  for (auto _ : state) {
    for (const Subject& subject : set->subjects) {
      if (!decode(parts.get(), subject)) return state.SkipWithError(subject.file->name.c_str());
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * set->data_bytes));
  SetEach(state, "s/block", set->blocks);
}

// ------------------------------------------------------------------ coefficient records

enum class CoefPart : uint8_t { kRows, kUnpack };

// kRows: finding the rows of blocks and checking their hashes. kUnpack: and their coefficients.
bool UnpackRecord(const Subject& subject, CoefPart part, loader::HostMemory* memory) {
  codecs::CoefLayout layout;
  if (!layout.Open(subject.coef_record, {}).ok()) return false;
  constexpr uint32_t kRunBlocks = 48;
  constexpr uint32_t kChunk = simd::kCoefChunkBlocks;
  uint8_t last[kRunBlocks];
  auto* coefficients = reinterpret_cast<int16_t*>(memory->span().data());
  for (uint32_t c = 0; c < layout.frame().components; ++c) {
    const SizePx blocks = layout.blocks(c);
    for (uint32_t y = 0; y < blocks.height; ++y) {
      const std::span<const uint8_t> row = layout.Row(c, y);
      if (row.empty()) return false;
      if (part == CoefPart::kRows) continue;
      const uint8_t* at = row.data() + size_t{(blocks.width + kChunk - 1) / kChunk} * 2;
      for (uint32_t first = 0; first < blocks.width; first += kRunBlocks) {
        at = simd::UnpackCoefficients({.table = row.data() + size_t{first / kChunk} * 2,
                                       .chunks = at,
                                       .end = row.data() + row.size(),
                                       .blocks = std::min(kRunBlocks, blocks.width - first),
                                       .coefficients = coefficients,
                                       .last = last});
        if (at == nullptr) return false;
      }
    }
  }
  return true;
}

void BenchCoef(benchmark::State& state, const Set* set, CoefPart part) {
  auto memory = loader::HostMemory::Map(1 << 16, loader::HostMemory::Pages::kHuge);
  if (!memory.ok()) return state.SkipWithError(memory.status().text());
  for (auto _ : state) {
    for (const Subject& subject : set->subjects) {
      if (!UnpackRecord(subject, part, &*memory)) {
        return state.SkipWithError(subject.file->name.c_str());
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * set->coef_bytes));
  state.counters["bytes/jpeg"] =
      static_cast<double>(set->coef_bytes) / static_cast<double>(set->bytes);
  SetEach(state, "s/block", set->blocks);
}

// ------------------------------------------------------------------ headers

enum class HeaderPart : uint8_t { kLibrary, kFrame, kTables };

void BenchHeader(benchmark::State& state, const Set* set, HeaderPart part) {
  const codecs::JpegIslandHandle island = codecs::MakeJpegIsland();
  const auto parts = std::make_unique<EntropyParts>();
  for (auto _ : state) {
    for (const Subject& subject : set->subjects) {
      const JpegFile& file = *subject.file;
      codecs::JpegHeader header;
      if (!codecs::JpegReadHeader(*island, file.bytes, {}, &header).ok()) {
        return state.SkipWithError(file.name.c_str());
      }
      if (part == HeaderPart::kLibrary) continue;
      const codecs::JpegFrame frame = codecs::JpegDescribe(*island, file.bytes);
      benchmark::DoNotOptimize(&frame);
      if (part == HeaderPart::kFrame) continue;
      if (!parts->tables.Prepare(frame)) return state.SkipWithError(file.name.c_str());
    }
  }
  SetEach(state, "s/image", set->subjects.size());
}

// ------------------------------------------------------------------ decoding

enum class DecodedBy : uint8_t { kOurs, kLibrary, kRecord };

struct DecodeCase {
  const char* name;
  DecodedBy by;
  bool planes;  // else RGB: with "fancy" upsampling and colour conversion
  bool crop;    // else the whole picture
  bool checkpoints;
};
constexpr auto kOurs = DecodedBy::kOurs;
constexpr auto kLibrary = DecodedBy::kLibrary;
constexpr auto kRecord = DecodedBy::kRecord;
constexpr DecodeCase kDecodeCases[] = {
    {"planes_whole/ours", kOurs, true, false, false},
    {"planes_whole/library", kLibrary, true, false, false},
    {"planes_whole_checkpoints/ours", kOurs, true, false, true},
    {"planes_whole/record", kRecord, true, false, false},
    {"planes_crop/ours", kOurs, true, true, false},
    {"planes_crop/library", kLibrary, true, true, false},
    {"planes_crop_checkpoints/ours", kOurs, true, true, true},
    {"planes_crop/record", kRecord, true, true, false},
    {"rgb_whole/ours", kOurs, false, false, false},
    {"rgb_whole/library", kLibrary, false, false, false},
    {"rgb_whole_checkpoints/ours", kOurs, false, false, true},
    {"rgb_whole/record", kRecord, false, false, false},
    {"rgb_crop/ours", kOurs, false, true, false},
    {"rgb_crop/library", kLibrary, false, true, false},
    {"rgb_crop_checkpoints/ours", kOurs, false, true, true},
    {"rgb_crop/record", kRecord, false, true, false},
};

Status DecodeOne(codecs::Decoder* decoder, const Subject& subject, const DecodeCase& job,
                 loader::HostMemory* scratch) {
  codecs::ImageInfo info;
  codecs::DecodeCheckpoints checkpoints;
  codecs::DecodeReport report;
  const std::span<const std::byte> file =
      job.by == DecodedBy::kRecord ? subject.coef_record : subject.file->bytes;
  HR_TRY(decoder->ReadHeader(file, {}, {.exif = false}, &info));
  if (job.checkpoints) {
    checkpoints.record = subject.file->record;
    decoder->UseCheckpoints(&checkpoints);
  }
  const RectPx region =
      job.crop ? subject.crop : RectPx{0, 0, info.upright.width, info.upright.height};
  const codecs::PlanesRequest request = {region, 1};
  const bool planes = job.planes && info.planar;
  const uint64_t bytes =
      planes ? decoder->PlanesScratchBytes(request) : decoder->ScratchBytes(region);
  if (bytes > scratch->bytes()) {
    HR_ASSIGN_OR_RETURN(*scratch,
                        loader::HostMemory::Map(bytes * 2, loader::HostMemory::Pages::kHuge));
  }
  if (planes) {
    simd::PlanarPicture picture;
    return decoder->DecodePlanes(request, scratch->span(), &picture, &report);
  }
  ConstImageView pixels;
  return decoder->Decode(region, scratch->span(), &pixels, &report);
}

void BenchDecode(benchmark::State& state, const Set* set, const DecodeCase* job) {
  auto decoder =
      job->by == DecodedBy::kRecord
          ? codecs::MakeCoefDecoder()
          : codecs::MakeJpegDecoder(job->by == DecodedBy::kOurs ? codecs::JpegPath::kOurs
                                                                : codecs::JpegPath::kLibrary);
  if (!decoder.ok()) return state.SkipWithError(decoder.status().text());
  loader::HostMemory scratch;
  const auto pass = [&]() -> Status {
    for (const Subject& subject : set->subjects) {
      HR_TRY(DecodeOne(decoder->get(), subject, *job, &scratch));
    }
    benchmark::ClobberMemory();
    return {};
  };
  Status status = pass();  // scratch and tables
  for (auto _ : state) {
    if (status.ok()) status = pass();
    if (!status.ok()) return state.SkipWithError(status.text());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * set->bytes));
  SetEach(state, "s/image", set->subjects.size());
}

void Register(const std::string& name, const Set* set) {
  const auto add = [&name](const std::string& what, auto function, auto... arguments) {
    benchmark::RegisterBenchmark((what + "/" + name).c_str(), function, arguments...)
        ->Unit(benchmark::kMicrosecond);
  };
  add("Header/library", BenchHeader, set, HeaderPart::kLibrary);
  add("Header/and_frame", BenchHeader, set, HeaderPart::kFrame);
  add("Header/and_tables", BenchHeader, set, HeaderPart::kTables);
  add("Entropy/skip", BenchEntropy, set, SkipAll);
  add("Entropy/store", BenchEntropy, set, StoreAll);
  add("Entropy/store_two_rows", BenchEntropy, set, StoreBoth);
  add("Coef/rows", BenchCoef, set, CoefPart::kRows);
  add("Coef/unpack", BenchCoef, set, CoefPart::kUnpack);
  for (const DecodeCase& job : kDecodeCases) {
    add(std::string("Decode/") + job.name, BenchDecode, set, &job);
  }
}

void Run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<std::unique_ptr<Set>> sets;
  const char* folder = std::getenv("HEADRACE_BENCH_FOLDER");
  if (folder != nullptr) {
    sets.push_back(MakeSet(folder));
    Register("folder", sets.back().get());
  } else {
    const TemporaryFolder temporary("headrace-codecs");
    for (const bool subsample : {true, false}) {
      const std::string name = subsample ? "420" : "444";
      const std::string path = temporary.path() + "/" + name;
      Generate(path, subsample);
      sets.push_back(MakeSet(path));
      Register(name, sets.back().get());
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}

}  // namespace
}  // namespace headrace::bench

int main(int argc, char** argv) {
  try {
    headrace::bench::Run(argc, argv);
    return 0;
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_codecs: %s\n", failure.what());
    return 1;
  }
}
