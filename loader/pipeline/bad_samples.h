// BadSamples: what happens to a sample that cannot be read or decoded.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/epoch_samples.h"
#include "loader/quarantine_file.h"
#include "loader/stats.h"

namespace headrace::loader {

// Why a run ended, for the consumer.
struct RunFailure {
  Code code = Code::kOk;
  int error_number = 0;
  int64_t sample_id = -1;
  std::string text;
};

// One of a batch: which sample, and why.
struct BadRecord {
  uint64_t id = 0;
  Status status;
};

// What: chooses substitutes, and at delivery counts distinct bad ids against the budget, so that
// the batch at which a run ends depends on the data alone. Owner: the loader. Thread: Decide any,
// EndsRun the consumer's. Cost: nothing for good samples; two bits a sample.
class BadSamples {
 public:
  // `chosen`: what an epoch is made of, looked at once there is a bad sample; null: every sample.
  BadSamples(const LoaderConfig& config, const Dataset& dataset, const EpochSamples* chosen,
             const LogSink& log, Counters* counters);

  static constexpr uint32_t kSubstitutesMax = 8;
  // Bad records that a batch of `rows` can get: each drawn sample and its substitutes.
  static constexpr uint32_t RecordsMax(uint32_t rows) { return rows * (1 + kSubstitutesMax); }

  // What to do with a sample whose read or decode gave `status`. `id` is the sample that is bad,
  // `ticket_id` the one that the order drew, `attempt` the substitutes already tried for it.
  // A value: read that sample instead. None: mark the slot.
  std::optional<uint64_t> Decide(uint64_t ticket_id, uint64_t id, uint32_t epoch, uint32_t attempt,
                                 const Status& status);

  // Lists the bad samples of delivered batches there; before the first batch. It must outlive this.
  void SetQuarantine(QuarantineFile* quarantine) { quarantine_ = quarantine; }

  // Before a batch of `epoch` with these bad records is delivered (it sorts them): true when it
  // ends the run.
  bool EndsRun(std::span<BadRecord> records, uint32_t epoch, RunFailure* failure);

 private:
  bool CountDistinct(uint64_t id);
  void Report(uint64_t id, const Status& status) const;
  // Whether this bad sample of a delivered batch is one too many.
  bool IsTooMany(const BadRecord& record);
  void Quarantine(std::span<const BadRecord> records, uint32_t epoch);

  const LoaderConfig& config_;
  const Dataset& dataset_;
  const EpochSamples* chosen_;
  const LogSink log_;
  Counters* counters_;
  const uint64_t budget_;                              // distinct ids that are tolerated
  std::unique_ptr<std::atomic<uint64_t>[]> bad_bits_;  // met by a thread: for log and stats

  // The consumer's: those of delivered batches.
  std::vector<bool> delivered_bad_;
  uint64_t delivered_bad_count_ = 0;
  QuarantineFile* quarantine_ = nullptr;  // null: no list is kept
};

// "name: text: errno", escaped: one line. A sample in a shard is named with its place there.
std::string DescribeSample(const Dataset& dataset, uint64_t id, const Status& status);

}  // namespace headrace::loader
