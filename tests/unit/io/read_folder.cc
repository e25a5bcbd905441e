// Reads every file of a folder and prints which reader ran and a digest of what came, for tests
// that run it under tools which break system calls.
//
//   read_folder FOLDER auto|uring|pread
//
// Line 1: why this reader. Line 2: files, failed files, digest. Exit status 0, or 1 without a
// reader.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "io/make_reader.h"

namespace headrace::io {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kLaneBytes = size_t{1} << 17;

// FNV-1a: enough to tell contents apart.
uint64_t Digest(uint64_t name_number, std::span<const std::byte> bytes) {
  uint64_t digest = 0xCBF29CE484222325u + name_number;
  for (const std::byte b : bytes) {
    digest = (digest ^ static_cast<uint64_t>(b)) * 0x100000001B3u;
  }
  return digest;
}

struct Totals {
  size_t files = 0;
  size_t failed = 0;
  uint64_t digest = 0;  // a sum, so that the order does not matter
};

Totals ReadAll(Reader& reader, const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::vector<std::byte>> lanes(kLanes, std::vector<std::byte>(kLaneBytes));
  std::vector<size_t> file_of_lane(kLanes);
  std::vector<size_t> free_lanes;
  for (size_t lane = 0; lane < kLanes; ++lane) free_lanes.push_back(lane);
  Totals totals;
  size_t next = 0;
  while (totals.files < names.size()) {
    for (; next < names.size() && !free_lanes.empty(); ++next) {
      const size_t lane = free_lanes.back();
      const uint64_t expected = std::filesystem::file_size(folder + "/" + names[next]);
      if (!reader.Submit({.path = names[next].c_str(),
                          .expected_bytes = expected,
                          .buffer = lanes[lane],
                          .tag = lane})) {
        break;
      }
      free_lanes.pop_back();
      file_of_lane[lane] = next;
    }
    ReadCompletion some[kLanes];
    const size_t count = reader.Reap(some, -1);
    for (size_t i = 0; i < count; ++i) {
      const size_t lane = some[i].tag;
      ++totals.files;
      if (some[i].status.ok()) {
        totals.digest += Digest(file_of_lane[lane], std::span(lanes[lane]).first(some[i].bytes));
      } else {
        ++totals.failed;
        std::fprintf(stderr, "%s: %s\n", names[file_of_lane[lane]].c_str(), some[i].status.text());
      }
      free_lanes.push_back(lane);
    }
  }
  return totals;
}

int Main(const std::string& folder, const std::string& choice) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const ReaderChoice reader_choice = choice == "uring"   ? ReaderChoice::kUring
                                     : choice == "pread" ? ReaderChoice::kPread
                                                         : ReaderChoice::kAuto;
  Result<MadeReader> made = MakeReader(folder, {.choice = reader_choice, .queue_len = kLanes});
  if (!made.ok()) {
    std::printf("none: %s: %s\n", made.status().text(),
                std::strerror(made.status().error_number()));
    return 1;
  }
  std::printf("%s\n", made->why.c_str());
  const Totals totals = ReadAll(*made->reader, folder, names);
  const bool drained = made->reader->Drain(1'000'000'000);
  std::printf("%zu %zu %016llx %s\n", totals.files, totals.failed,
              static_cast<unsigned long long>(totals.digest), drained ? "drained" : "stuck");
  return 0;
}

}  // namespace
}  // namespace headrace::io

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s FOLDER auto|uring|pread\n", argv[0]);
    return 2;
  }
  return headrace::io::Main(argv[1], argv[2]);
}
