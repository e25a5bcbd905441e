// Replays files and folders through a fuzz target, for compilers without libFuzzer and for CTest.
// Usage: <target>_replay FILE_OR_FOLDER... ; exit status 77 when there is nothing to replay.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

int count = 0;

void Replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
  // The name first, so that it stands there when the target ends the process.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  // A copy of the exact size: a read past the end is then past the allocation too.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ++count;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) Replay(entry.path());
      }
    } else if (std::filesystem::is_regular_file(path)) {
      Replay(path);
    } else {
      std::printf("not there: %s\n", path.c_str());
    }
  }
  std::printf("%d files replayed\n", count);
  return count > 0 ? 0 : 77;
}
