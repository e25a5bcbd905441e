#include "bench/loader_turns.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "bench/measure.h"

namespace headrace::bench {
namespace {

constexpr uint32_t kBatch = 64;
constexpr int64_t kStuckNs = 60'000'000'000;  // without a single picture

// Every picture is delivered in batches of one size: of small sets smaller ones.
uint32_t BatchSize(const JpegFolder& folder) {
  return static_cast<uint32_t>(std::min<uint64_t>(kBatch, folder.size()));
}

hr_loader* Open(const JpegFolder& folder, uint32_t workers, const std::string& more,
                const std::string& pack = "") {
  const std::string toml = (pack.empty() ? folder.toml() : folder.toml_of_pack(pack)) +
                           "[loader]\nworkers = " + std::to_string(workers) +
                           "\nbatch_size = " + std::to_string(BatchSize(folder)) + "\n" + more;
  HR_INIT(hr_error, error);
  hr_loader* loader = nullptr;
  if (hr_loader_open_toml(toml.data(), toml.size(), nullptr, &loader, &error) != HR_OK) {
    Fail(error.text);
  }
  return loader;
}

}  // namespace

LoaderTurns::LoaderTurns(const JpegFolder& folder, uint32_t workers, const std::string& decode,
                         const std::string& pack)
    : batch_size_(BatchSize(folder)),
      sampler_(folder.size(), loader::Shuffle::kFull, 0, batch_size_, 0, 1, loader::Tail::kDrop) {
  loader_ = Open(folder, workers, "[decode]\n" + decode, pack);
  HR_INIT(hr_memory, memory);
  HR_INIT(hr_error, error);
  if (hr_loader_memory(loader_, &memory, &error) != HR_OK) Fail(error.text);
  buffers_ = memory.batch_buffers;
  WaitUntilFull();
}

LoaderTurns::~LoaderTurns() { hr_loader_close(loader_); }

hr_stats LoaderTurns::Stats() const {
  HR_INIT(hr_stats, stats);
  HR_INIT(hr_error, error);
  if (hr_loader_stats(loader_, &stats, &error) != HR_OK) Fail(error.text);
  return stats;
}

Draw LoaderTurns::DrawAt(uint64_t batch, uint32_t index) const {
  const auto epoch = static_cast<uint32_t>(batch / sampler_.batches());
  const uint64_t position = sampler_.FirstPosition(batch % sampler_.batches()) + index;
  return {epoch, sampler_.OrderOf(epoch).IdAt(position)};
}

std::vector<Draw> LoaderTurns::NextDraws(uint64_t batches) const {
  std::vector<Draw> draws;
  for (uint64_t batch = taken_ + buffers_; batch < taken_ + buffers_ + batches; ++batch) {
    for (uint32_t i = 0; i < batch_size_; ++i) draws.push_back(DrawAt(batch, i));
  }
  return draws;
}

TurnResult LoaderTurns::Turn(uint64_t batches) {
  const hr_stats before = Stats();
  const int64_t cpu = ProcessCpuNs();
  const int64_t begin = NowNs();
  for (uint64_t i = 0; i < batches; ++i) Take(taken_);
  WaitUntilFull();
  const auto wall_ns = static_cast<double>(NowNs() - begin);
  const auto cpu_ns = static_cast<double>(ProcessCpuNs() - cpu);
  const hr_stats after = Stats();
  const auto reads_ns = static_cast<double>(after.read_ns - before.read_ns);
  return {wall_ns, cpu_ns, cpu_ns - reads_ns, batches * batch_size_};
}

void LoaderTurns::Take(uint64_t batch) {
  HR_INIT(hr_error, error);
  hr_batch* taken = nullptr;
  hr_status status = hr_loader_next(loader_, -1, &taken, &error);
  if (status == HR_END_OF_EPOCH) status = hr_loader_next(loader_, -1, &taken, &error);
  if (status != HR_OK) Fail(error.text);
  HR_INIT(hr_batch_info, info);
  if (hr_batch_view(taken, &info, &error) != HR_OK) Fail(error.text);
  const Draw first = DrawAt(batch, 0);
  const Draw last = DrawAt(batch, batch_size_ - 1);
  // What the loops of one thread are compared with must be the same pictures.
  const bool as_foreseen = info.count == batch_size_ && info.epoch == first.epoch &&
                           info.ids[0] == static_cast<int64_t>(first.id) &&
                           info.ids[batch_size_ - 1] == static_cast<int64_t>(last.id);
  hr_batch_release(taken);
  if (!as_foreseen) Fail("the loader delivered other samples than its sampler says");
  ++taken_;
}

void LoaderTurns::WaitUntilFull() {
  const uint64_t wanted = (taken_ + buffers_) * batch_size_;
  const uint64_t at_first = Stats().samples;
  const int64_t begin = NowNs();
  int64_t sleep_ns = 1'000'000;
  for (uint64_t made = at_first; made < wanted; made = Stats().samples) {
    if (made == at_first && NowNs() - begin > kStuckNs) Fail("the loader does not fill up");
    // Half of the time that the rest will take, so that looking costs the workers next to nothing.
    if (made > at_first) {
      const double ns_each =
          static_cast<double>(NowNs() - begin) / static_cast<double>(made - at_first);
      sleep_ns = static_cast<int64_t>(0.5 * ns_each * static_cast<double>(wanted - made));
    }
    std::this_thread::sleep_for(
        std::chrono::nanoseconds(std::clamp<int64_t>(sleep_ns, 50'000, 1'000'000'000)));
  }
}

void MakeCheckpoints(const JpegFolder& folder, uint32_t workers,
                     const std::string& checkpoint_folder) {
  // To the last picture: "drop" would leave some without.
  hr_loader* loader =
      Open(folder, workers,
           "tail = \"exact\"\n[decode]\ncheckpoints = " + TomlString(checkpoint_folder) + "\n");
  HR_INIT(hr_error, error);
  hr_status status = HR_OK;
  while (status == HR_OK) {
    hr_batch* batch = nullptr;
    status = hr_loader_next(loader, -1, &batch, &error);
    hr_batch_release(batch);
  }
  hr_loader_close(loader);
  if (status != HR_END_OF_EPOCH) Fail(error.text);
}

}  // namespace headrace::bench
