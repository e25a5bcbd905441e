// The unit of bench/peers: threads that do for ever what cannot be avoided (full libjpeg-turbo
// decode, SIMD resize of the crop, normalise) to files in memory, with no loader. How many images
// are done stands in a shared file, so that whoever started it may stop it and let it go on.
//
// usage: bench_reference FOLDER --counter FILE [--threads N]
//   FILE  8 bytes, a little-endian count; a line of JSON says that it began to count
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bench/jpeg_folder.h"
#include "bench/jpeg_loop.h"
#include "bench/measure.h"

namespace {

using namespace headrace;         // NOLINT: a program, not a library
using namespace headrace::bench;  // NOLINT

constexpr size_t kAtATime = 4;
constexpr uint32_t kEpochs = 16;  // of crops, then the same ones again

// The place of the count; whoever reads it, reads while we add.
std::atomic<int64_t>* MapCounter(const std::string& path) {
  static_assert(std::atomic<int64_t>::is_always_lock_free);
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) Fail(path + ": cannot be opened");
  void* place = mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (place == MAP_FAILED) Fail(path + ": cannot be mapped; it has to hold 8 bytes");
  return static_cast<std::atomic<int64_t>*>(place);
}

void CountForEver(const JpegFolder& folder, std::span<const Draw> draws, size_t first,
                  std::atomic<int64_t>* counter) {
  JpegLoop loop(folder);
  for (size_t at = first;; at = (at + kAtATime) % (draws.size() - kAtATime + 1)) {
    loop.Run(Way::kFull, draws.subspan(at, kAtATime));
    counter->fetch_add(kAtATime, std::memory_order_relaxed);
  }
}

int Run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"counter", "threads"});
  if (arguments.words().size() != 1 || arguments.Text("counter").empty()) {
    Fail("usage: bench_reference FOLDER --counter FILE [--threads N]");
  }
  const uint32_t threads = arguments.Count("threads", 1);
  const JpegFolder folder(arguments.words()[0]);
  const std::vector<Draw> draws = DrawsOf(folder, 0, kEpochs);
  if (draws.size() < kAtATime) Fail(arguments.words()[0] + ": too few pictures");
  std::atomic<int64_t>* const counter = MapCounter(arguments.Text("counter"));
  printf("{\"threads\": %u, \"files\": %zu, \"versions\": {\"libjpeg-turbo\": \"%d.%d.%d\"}}\n",
         threads, folder.size(), LIBJPEG_TURBO_VERSION_NUMBER / 1000000,
         LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000, LIBJPEG_TURBO_VERSION_NUMBER % 1000);
  fflush(stdout);
  std::vector<std::jthread> others;
  for (uint32_t i = 1; i < threads; ++i) {
    others.emplace_back(
        [&, i] { CountForEver(folder, draws, draws.size() / threads * i, counter); });
  }
  CountForEver(folder, draws, 0, counter);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_reference: %s\n", failure.what());
    return 1;
  }
}
