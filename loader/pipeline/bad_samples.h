// BadSamples: what happens to a sample that cannot be read or decoded.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/status.h"
#include "base/thread_annotations.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/stats.h"

namespace headrace::loader {

// Why a run ended, for the consumer.
struct RunFailure {
  Code code = Code::kOk;
  int error_number = 0;
  int64_t sample_id = -1;
  std::string text;
};

// What: counts distinct bad ids against the budget, chooses substitutes, remembers the failure that
// ends the run. Owner: the loader. Thread: any. Cost: nothing for good samples; a bit a sample.
class BadSamples {
 public:
  BadSamples(const LoaderConfig& config, const Dataset& dataset, const LogSink& log,
             Counters* counters);

  // What to do with a sample whose read or decode gave `status`. `id` is the sample that is bad,
  // `ticket_id` the one that the order drew, `attempt` the substitutes already tried for it.
  // A value: read that sample instead. None: mark the slot.
  std::optional<uint64_t> Decide(uint64_t ticket_id, uint64_t id, uint32_t epoch, uint32_t attempt,
                                 const Status& status, uint32_t generation, uint32_t sequence);

  // The failure that the consumer meets when it asks for batch `sequence`, if there is one: batches
  // before it are still delivered.
  bool FailsAt(uint32_t generation, uint32_t sequence, RunFailure* failure) const;

 private:
  static constexpr uint32_t kSubstitutesMax = 8;

  bool CountDistinct(uint64_t id);
  void Report(uint64_t id, const Status& status) const;
  void Fail(Code code, uint64_t id, const Status& status, uint32_t generation, uint32_t sequence);

  const LoaderConfig& config_;
  const Dataset& dataset_;
  const LogSink log_;
  Counters* counters_;
  const uint64_t budget_;  // distinct ids that are tolerated
  std::unique_ptr<std::atomic<uint64_t>[]> bad_bits_;

  std::atomic<bool> failed_{false};
  mutable Mutex mutex_;
  RunFailure failure_ HR_GUARDED_BY(mutex_);
  uint32_t failed_generation_ HR_GUARDED_BY(mutex_) = 0;
  uint32_t failed_sequence_ HR_GUARDED_BY(mutex_) = 0;
};

// "path: text (errno)", escaped: one line.
std::string DescribeSample(const Dataset& dataset, uint64_t id, const Status& status);

}  // namespace headrace::loader
