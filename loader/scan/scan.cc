#include "loader/scan/scan.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>

#include "loader/plan.h"
#include "loader/scan/sample_judge.h"

namespace headrace::loader {
namespace {

SampleFact JudgeOne(SampleJudge* judge, uint64_t id) {
  try {
    return judge->Judge(id);
  } catch (const std::bad_alloc&) {
    SampleFact fact;
    fact.status = {Code::kOutOfMemory, "no memory for the sample"};
    fact.was_seen = true;
    return fact;
  }
}

}  // namespace

bool ScanDataset(const Config& config, const Dataset& dataset, uint32_t workers,
                 const JobHooks& hooks, std::vector<SampleFact>* facts, bool* cancelled,
                 JobError* error) {
  facts->assign(dataset.size(), {});
  *cancelled = false;
  const uint64_t threads_max = workers > 0 ? workers : AllowedCpus();
  const uint64_t threads = std::clamp<uint64_t>(dataset.size(), 1, threads_max);
  LargePictures large;
  std::vector<std::unique_ptr<SampleJudge>> judges;
  while (judges.size() < threads) {
    auto judge = SampleJudge::Make(config, dataset, &large);
    if (!judge.ok()) {
      const Status& status = judge.status();
      return Fail(error, status.code(), status.text(), status.error_number());
    }
    judges.push_back(std::move(*judge));
  }
  uint64_t bytes = 0;
  for (uint64_t id = 0; id < dataset.size(); ++id) bytes += dataset.Locate(id).bytes;
  JobThreads job(hooks, dataset.size(), bytes);
  std::atomic<uint64_t> next{0};  // relaxed: the numbers are all that the workers share
  const auto work = [&](uint32_t worker) {
    while (!job.Ending()) {
      const uint64_t id = next.fetch_add(1, std::memory_order_relaxed);
      if (id >= facts->size()) break;
      SampleFact& fact = (*facts)[id];  // no other worker's
      fact = JudgeOne(judges[worker].get(), id);
      job.Done(1, fact.bytes);
    }
  };
  if (job.Run(static_cast<uint32_t>(threads), work, error)) return true;
  if (error->code != Code::kStopped) return false;
  *error = {};
  // The workers may have come to the end before they saw it.
  *cancelled = !std::ranges::all_of(*facts, &SampleFact::was_seen);
  return true;
}

}  // namespace headrace::loader
