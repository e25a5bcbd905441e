// Records of tar shards from the disk: past the page cache and through an empty one, beside reading
// the same shards from their beginning to their end past the page cache. Records are read whole
// and, where their indexes know the rows, in the parts that a random_resized_crop needs. Nothing is
// decoded.
//
// usage: bench_cold_read FOLDER [--rounds N] [--depth N] [--json FILE|-]
//   FOLDER    *.tar, with or without indexes
//   --rounds  turns of each way (5), taken in turns
//   --depth   reads in flight (32)
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bench/measure.h"
#include "io/make_reader.h"
#include "loader/augment/program.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/host_memory.h"
#include "loader/pipeline/direct_files.h"
#include "loader/pipeline/partial_reads.h"
#include "loader/sampler.h"

namespace {

using namespace headrace;          // NOLINT: a program, not a library
using namespace headrace::bench;   // NOLINT
using namespace headrace::loader;  // NOLINT

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;  // of a shard that is read as it lies

// One read: what the reader is asked for, without its buffer.
struct Wanted {
  int file = -1;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t beyond = 0;
  bool direct = true;
};

struct Took {
  double seconds = 0;
  double cpu_us = 0;  // of all reads
};

// A way of reading all records, in random order.
struct Way {
  const char* name;
  const char* text;
  bool direct;
  bool parts;
  std::vector<Wanted> reads = {};
  uint64_t bytes = 0;
  std::vector<double> records_s = {};
  std::vector<double> share = {};  // of the bytes a second from beginning to end
  std::vector<double> cpu_us = {};
};

// Reads all of them, `depth` at a time.
Took ReadAll(const std::string& root, const std::vector<Wanted>& reads, uint32_t depth,
             std::span<std::byte> memory) {
  auto made = io::MakeReader(root, {.queue_len = depth});
  if (!made.ok()) Fail(made.status().text());
  io::Reader& reader = *made->reader;
  const uint64_t room = memory.size() / depth & ~(DirectFiles::kBlockBytes - 1);
  std::vector<uint64_t> free;
  for (uint64_t slot = 0; slot < depth; ++slot) free.push_back(slot);
  std::vector<io::ReadCompletion> done(depth);
  const int64_t cpu = ProcessCpuNs();
  const int64_t begin = NowNs();
  for (size_t next = 0; next < reads.size() || reader.in_flight() > 0;) {
    while (next < reads.size() && !free.empty()) {
      const Wanted& read = reads[next++];
      const uint64_t slot = free.back();
      free.pop_back();
      if (!reader.Submit({.file = read.file,
                          .offset = read.offset,
                          .expected_bytes = read.bytes,
                          .buffer = memory.subspan(slot * room, room),
                          .whole_file = false,
                          .beyond_bytes = read.beyond,
                          .direct = read.direct,
                          .tag = slot})) {
        Fail("the reader's queue is full");
      }
    }
    const size_t count = reader.Reap(done, -1);
    for (size_t i = 0; i < count; ++i) {
      if (!done[i].status.ok()) Fail(std::string("a read failed: ") + done[i].status.text());
      free.push_back(done[i].tag);
    }
  }
  return {static_cast<double>(NowNs() - begin) / 1e9,
          static_cast<double>(ProcessCpuNs() - cpu) / 1e3};
}

// The reads of one record, or of the part of it that a crop needs.
void AddReads(const DirectFiles& files, uint64_t id, const Extent& extent,
              const PartialReads::Ranges& ranges, Way* way) {
  const DirectRange range = files.Find(id, extent);
  for (uint32_t i = 0; i < ranges.count; ++i) {
    Wanted read = {.file = way->direct ? range.file : extent.file,
                   .offset = extent.offset + ranges.range[i].begin,
                   .bytes = ranges.range[i].size(),
                   .direct = way->direct};
    if (way->direct) {
      const uint64_t end = read.offset + read.bytes;
      read.offset &= ~(DirectFiles::kBlockBytes - 1);
      read.bytes = end - read.offset;
      read.beyond = (0 - end) & (DirectFiles::kBlockBytes - 1);
    }
    way->reads.push_back(read);
    way->bytes += read.bytes + read.beyond;
  }
}

int Run(const Arguments& arguments) {
  if (arguments.words().size() != 1) Fail("one folder of tar shards, please");
  const uint32_t rounds = arguments.Count("rounds", 5);
  const uint32_t depth = arguments.Count("depth", 32);
  Config config;
  ConfigError error;
  const std::string text = "[dataset]\nsource = \"tar\"\npath = '" + arguments.words()[0] +
                           "'\n[[augment]]\nop = \"random_resized_crop\"\nsize = 224\n";
  std::unique_ptr<Dataset> dataset;
  if (!ParseConfig({.text = text}, &config, &error)) Fail(error.text);
  if (!OpenDataset(config, {}, &dataset, &error)) Fail(error.text);
  std::unique_ptr<AugmentProgram> program;
  if (!AugmentProgram::Make(config.augment, dataset->classes(), true, &program, &error)) {
    Fail(error.text);
  }
  const DirectFiles direct = DirectFiles::Open(*dataset);
  if (!direct.usable()) Fail(direct.why_not());

  std::vector<Wanted> pieces;
  for (uint64_t run = 0; run < dataset->RunCount(); ++run) {
    const uint64_t first = dataset->RunBegin(run);
    const uint64_t last = dataset->RunBegin(run + 1);
    if (first == last) continue;
    const Extent end = dataset->Locate(last - 1);
    const DirectRange range = direct.Find(first, dataset->Locate(first));
    // Whole pieces: the rest of a shard's end is left out.
    for (uint64_t at = 0; at + kPieceBytes <= end.offset + end.bytes; at += kPieceBytes) {
      pieces.push_back({range.file, at, kPieceBytes, 0});
    }
  }
  std::vector<Way> ways = {{"direct", "O_DIRECT", true, false},
                           {"buffered", "empty page cache", false, false}};
  if (dataset->has_bands()) {
    ways.push_back({"direct_parts", "O_DIRECT, parts", true, true});
    ways.push_back({"buffered_parts", "empty page cache, parts", false, true});
  }
  uint64_t record_bytes = 0;
  uint64_t room = kPieceBytes;
  uint64_t in_parts = 0;
  PartialReads partial(config, *dataset, *program);
  const KeyedPermutation order(dataset->size(), 1, 0, 0, "order");
  for (uint64_t i = 0; i < dataset->size(); ++i) {
    const uint64_t id = order.At(i);
    const Extent extent = dataset->Locate(id);
    if (extent.file < 0) Fail("the data set does not hold its shards open: too many of them");
    const PartialReads::Ranges whole = {.range = {ByteRange{0, extent.bytes}}, .count = 1};
    const codecs::RecordPart part = partial.Find(id, 0, extent.bytes);
    const PartialReads::Ranges parts = PartialReads::RangesOf(part, extent.bytes);
    for (Way& way : ways) AddReads(direct, id, extent, way.parts ? parts : whole, &way);
    in_parts += parts.range[0].end < extent.bytes ? 1 : 0;
    record_bytes += extent.bytes;
    room = std::max(room, extent.bytes + 2 * DirectFiles::kBlockBytes);
  }
  auto memory = HostMemory::Map(depth * room, HostMemory::Pages::kSmall);
  if (!memory.ok()) Fail(memory.status().text());

  const double piece_mb = static_cast<double>(pieces.size() * kPieceBytes) / 1e6;
  const double record_mb = static_cast<double>(record_bytes) / 1e6;
  const auto records = static_cast<double>(dataset->size());
  std::vector<double> whole_rate;
  for (uint32_t round = 0; round < rounds; ++round) {
    const Took whole = ReadAll(dataset->root(), pieces, depth, memory->span());
    whole_rate.push_back(piece_mb / whole.seconds);
    for (Way& way : ways) {
      for (const Wanted& read : way.reads) {
        if (!way.direct) posix_fadvise(read.file, 0, 0, POSIX_FADV_DONTNEED);
      }
      const Took took = ReadAll(dataset->root(), way.reads, depth, memory->span());
      way.records_s.push_back(records / took.seconds);
      way.share.push_back(record_mb / took.seconds / whole_rate.back());
      way.cpu_us.push_back(took.cpu_us / records);
    }
  }
  JsonReport json;
  const auto line = [&json](const std::string& name, const std::string& what,
                            const std::vector<double>& values) {
    const Spread spread = SpreadOf(values);
    std::printf("%-62s %s\n", what.c_str(), SpreadText(spread).c_str());
    json.Values(name, spread);
  };
  std::printf("%.0f records of %.1f MB, %u reads in flight, %u rounds; parts do for %.1f %%\n",
              records, record_mb, depth, rounds, 100 * static_cast<double>(in_parts) / records);
  line("sequential_mb_s", "shards from beginning to end, O_DIRECT, MB/s", whole_rate);
  for (const Way& way : ways) {
    const std::string name = way.name;
    std::printf("%s: %.1f KB and %.2f reads a record\n", way.text,
                static_cast<double>(way.bytes) / 1e3 / records,
                static_cast<double>(way.reads.size()) / records);
    line(name + "_records_s", "  records a second", way.records_s);
    line(name + "_share", "  MB of records a second / sequential MB/s", way.share);
    line(name + "_cpu_us", "  CPU a record, us", way.cpu_us);
  }
  json.Write(arguments.Text("json"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(Arguments(argc, argv, {"rounds", "depth", "json"}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_cold_read: %s\n", error.what());
    return 1;
  }
}
