// Opening a set of many samples by the indexes of its shards: time and memory.
//
//   bench_open [SAMPLES [SHARDS [FOLDER]]]       1300000 130 and a folder that is removed again
//
// The indexes are made up, and so are the shards: files of the size that an index asks for, with
// nothing in them but the headers of their first and last pictures. The bar: 1.3 million samples in
// less than half a second and 200 MB.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/atomic_file.h"
#include "io/file.h"
#include "io/tar.h"
#include "io/whole.h"
#include "loader/dataset.h"
#include "loader/pack/pack_members.h"
#include "loader/shards/shard_index.h"

namespace {

using namespace headrace;          // NOLINT: a program of one file
using namespace headrace::loader;  // NOLINT

constexpr uint64_t kSampleBytes = 110 * 1024;  // ImageNet's mean
constexpr uint64_t kMemberBytes = kSampleBytes + 3 * 1024;
constexpr int kTurns = 5;

double Seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

// Of /proc/self/status, in MB.
double Megabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::atof(line.c_str() + key.size() + 1) * 1024 / 1e6;
  }
  return 0;
}

bool MakeShard(const std::string& path, uint64_t first, uint64_t count, uint64_t samples) {
  ShardHeader header;
  header.tar_bytes = count * kMemberBytes + 1024;
  header.set_samples = samples;
  header.first_id = first;
  for (int i = 0; i < 1000; ++i)
    header.classes.push_back(std::string("n").append(std::to_string(10000000 + i)));
  ShardIndexWriter writer(header);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t id = first + i;
    const auto label = static_cast<int32_t>(id * 1000 / samples);
    ShardRecord record = {.id = id,
                          .offset = i * kMemberBytes + 512,
                          .bytes = kSampleBytes - id % 7777,
                          .hash = id * 0x9E3779B97F4A7C15,
                          .label = label,
                          .width = 500,
                          .height = 375,
                          .restarts_trusted = true};
    record.name = header.classes[static_cast<size_t>(label)] + "/" +
                  header.classes[static_cast<size_t>(label)] + "_" + std::to_string(id) + ".JPEG";
    writer.Add(std::move(record));
  }
  const std::string bytes = writer.Finish();
  const io::UniqueFd tar(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  // The rest is a hole: the loader looks at no more of a pack than these.
  for (const ShardRecord* record : {&writer.all().front(), &writer.all().back()}) {
    std::string block;
    io::AppendTarHeader(MemberName(record->id, "jpg"), record->bytes, &block);
    if (!io::WriteAt(tar.get(), std::as_bytes(std::span(block)), record->offset - block.size())
             .ok()) {
      return false;
    }
  }
  return tar.valid() && ::ftruncate(tar.get(), static_cast<off_t>(header.tar_bytes)) == 0 &&
         io::WriteFileAtomically(ShardIndexPath(path), std::as_bytes(std::span(bytes))).ok();
}

bool OpenSet(const std::string& folder, std::unique_ptr<Dataset>* dataset) {
  Config config;
  config.dataset.source = Source::kTar;
  config.dataset.path = {folder};
  ConfigError error;
  if (OpenDataset(config, {}, dataset, &error)) return true;
  std::fprintf(stderr, "bench_open: %s\n", error.text.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t samples = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'300'000;
  const uint64_t shards = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 130;
  std::string pattern = (std::filesystem::temp_directory_path() / "bench_open_XXXXXX").string();
  const std::string folder = argc > 3 ? argv[3] : ::mkdtemp(pattern.data());
  if (samples == 0 || shards == 0 || shards > samples) return 2;
  for (uint64_t i = 0; i < shards; ++i) {
    const uint64_t first = samples * i / shards;
    char name[32];
    std::snprintf(name, sizeof name, "/%06llu.tar", static_cast<unsigned long long>(i));
    if (!MakeShard(folder + name, first, samples * (i + 1) / shards - first, samples)) {
      std::perror("bench_open: the shards cannot be made");
      return 1;
    }
  }
  // What making them took does not count: a process of its own opens them.
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<double> seconds;
    const double before = Megabytes("VmRSS:");
    for (int turn = 0; turn < kTurns; ++turn) {
      std::unique_ptr<Dataset> dataset;
      const double begin = Seconds();
      if (!OpenSet(folder, &dataset)) _exit(1);
      seconds.push_back(Seconds() - begin);
      if (turn > 0) continue;
      std::printf(
          "%llu samples in %llu shards; index_bytes %.1f MB; RSS before %.1f MB, after "
          "%.1f MB, peak %.1f MB\n",
          static_cast<unsigned long long>(dataset->size()),
          static_cast<unsigned long long>(dataset->RunCount()),
          static_cast<double>(dataset->index_bytes()) / 1e6, before, Megabytes("VmRSS:"),
          Megabytes("VmHWM:"));
      const double walk = Seconds();
      uint64_t sum = 0;
      for (uint64_t id = 0; id < dataset->size(); ++id) sum += dataset->Locate(id).bytes;
      const double fingerprint = Seconds();
      sum += dataset->Fingerprint();
      const double names = Seconds();
      for (uint64_t id = 0; id < dataset->size(); ++id) sum += dataset->Name(id).size();
      const double end = Seconds();
      std::printf("Locate of all %.3f s, Fingerprint %.3f s, Name of all %.3f s (%llu)\n",
                  fingerprint - walk, names - fingerprint, end - names,
                  static_cast<unsigned long long>(sum % 10));
    }
    std::printf("first open %.3f s", seconds[0]);
    std::sort(seconds.begin(), seconds.end());
    std::printf(", median %.3f s, from %.3f to %.3f s\n", seconds[kTurns / 2], seconds.front(),
                seconds.back());
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  if (argc <= 3) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  return status == 0 ? 0 : 1;
}
