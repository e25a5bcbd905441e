// Records of tar shards from the disk: past the page cache and through an empty one, beside reading
// the same shards from their beginning to their end past the page cache. Nothing is decoded.
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
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/host_memory.h"
#include "loader/pipeline/direct_files.h"
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
  double cpu_us = 0;  // a read
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
          static_cast<double>(ProcessCpuNs() - cpu) / 1e3 / static_cast<double>(reads.size())};
}

int Run(const Arguments& arguments) {
  if (arguments.words().size() != 1) Fail("one folder of tar shards, please");
  const uint32_t rounds = arguments.Count("rounds", 5);
  const uint32_t depth = arguments.Count("depth", 32);
  Config config;
  ConfigError error;
  const std::string text = "[dataset]\nsource = \"tar\"\npath = '" + arguments.words()[0] + "'\n";
  std::unique_ptr<Dataset> dataset;
  if (!ParseConfig({.text = text}, &config, &error)) Fail(error.text);
  if (!OpenDataset(config, {}, &dataset, &error)) Fail(error.text);
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
  std::vector<Wanted> past_cache;
  std::vector<Wanted> through_cache;
  uint64_t record_bytes = 0;
  uint64_t room = kPieceBytes;
  const KeyedPermutation order(dataset->size(), 1, 0, 0, "order");
  for (uint64_t i = 0; i < dataset->size(); ++i) {
    const Extent extent = dataset->Locate(order.At(i));
    if (extent.file < 0) Fail("the data set does not hold its shards open: too many of them");
    const DirectRange range = direct.Find(order.At(i), extent);
    past_cache.push_back({range.file, range.offset, range.skip + extent.bytes, range.beyond});
    through_cache.push_back({extent.file, extent.offset, extent.bytes, 0, /*direct=*/false});
    record_bytes += extent.bytes;
    room = std::max(room, range.skip + extent.bytes + range.beyond);
  }
  auto memory = HostMemory::Map(depth * room, HostMemory::Pages::kSmall);
  if (!memory.ok()) Fail(memory.status().text());

  const double piece_mb = static_cast<double>(pieces.size() * kPieceBytes) / 1e6;
  const double record_mb = static_cast<double>(record_bytes) / 1e6;
  std::vector<double> rate[3], share[2], cpu[2];
  for (uint32_t round = 0; round < rounds; ++round) {
    const Took whole = ReadAll(dataset->root(), pieces, depth, memory->span());
    const Took past = ReadAll(dataset->root(), past_cache, depth, memory->span());
    for (const Wanted& read : through_cache) {
      posix_fadvise(read.file, 0, 0, POSIX_FADV_DONTNEED);
    }
    const Took through = ReadAll(dataset->root(), through_cache, depth, memory->span());
    const double whole_rate = piece_mb / whole.seconds;
    rate[0].push_back(whole_rate);
    rate[1].push_back(record_mb / past.seconds);
    rate[2].push_back(record_mb / through.seconds);
    share[0].push_back(record_mb / past.seconds / whole_rate);
    share[1].push_back(record_mb / through.seconds / whole_rate);
    cpu[0].push_back(past.cpu_us);
    cpu[1].push_back(through.cpu_us);
  }
  JsonReport json;
  const auto line = [&json](const char* name, const char* what, const std::vector<double>& values) {
    const Spread spread = SpreadOf(values);
    std::printf("%-62s %s\n", what, SpreadText(spread).c_str());
    json.Values(name, spread);
  };
  std::printf("%zu records of %.1f MB, %u reads in flight, %u rounds\n", past_cache.size(),
              record_mb, depth, rounds);
  line("sequential_mb_s", "shards from beginning to end, O_DIRECT, MB/s", rate[0]);
  line("direct_mb_s", "records in random order, O_DIRECT, MB/s", rate[1]);
  line("buffered_mb_s", "records in random order, empty page cache, MB/s", rate[2]);
  line("direct_share", "O_DIRECT records / sequential", share[0]);
  line("buffered_share", "page cache records / sequential", share[1]);
  line("direct_cpu_us", "CPU a record, O_DIRECT, us", cpu[0]);
  line("buffered_cpu_us", "CPU a record, page cache, us", cpu[1]);
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
