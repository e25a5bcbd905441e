#include "loader/pipeline/bad_samples.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include "base/status_text.h"
#include "loader/sampler.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

uint64_t BudgetOf(const LoaderConfig& config, uint64_t samples) {
  if (config.corrupt_budget >= 1.0) return UINT64_MAX;
  const double share = std::ceil(config.corrupt_budget * static_cast<double>(samples));
  return std::max<uint64_t>(1, static_cast<uint64_t>(share));
}

}  // namespace

std::string DescribeSample(const Dataset& dataset, uint64_t id, const Status& status) {
  std::string text = ShownName(dataset.Name(id));
  if (const Extent extent = dataset.Locate(id); !extent.whole_file) {
    text += " (at byte " + std::to_string(extent.offset) + " of " + ShownName(extent.path) + ")";
  }
  return text + ": " + TextOf(status);
}

BadSamples::BadSamples(const LoaderConfig& config, const Dataset& dataset,
                       const EpochSamples* chosen, const LogSink& log, Counters* counters)
    : config_(config),
      dataset_(dataset),
      chosen_(chosen),
      log_(log),
      counters_(counters),
      budget_(BudgetOf(config, dataset.size())),
      bad_bits_(std::make_unique<std::atomic<uint64_t>[]>((dataset.size() + 63) / 64)),
      delivered_bad_(dataset.size()) {}

bool BadSamples::CountDistinct(uint64_t id) {
  const uint64_t bit = uint64_t{1} << (id % 64);
  if ((bad_bits_[id / 64].fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return false;
  Add(counters_->corrupt_ids, 1);
  return true;
}

void BadSamples::Report(uint64_t id, const Status& status) const {
  // Formats only when somebody listens, and once a sample: bad files come by the thousand.
  if (log_.callback == nullptr) return;
  try {
    const std::string text =
        "bad sample " + std::to_string(id) + ": " + DescribeSample(dataset_, id, status);
    log_.Write(LogLevel::kWarning, text.c_str());
  } catch (const std::bad_alloc&) {  // no line then; the counters have it
  }
}

std::optional<uint64_t> BadSamples::Decide(uint64_t ticket_id, uint64_t id, uint32_t epoch,
                                           uint32_t attempt, const Status& status) {
  Add(counters_->corrupt_samples, 1);
  const bool first_time = CountDistinct(id);
  if (config_.on_corrupt == OnCorrupt::kError) return std::nullopt;  // the error itself reports it
  if (first_time) Report(id, status);
  if (config_.on_corrupt == OnCorrupt::kMark || attempt >= kSubstitutesMax) return std::nullopt;
  // What the caller left out of the epoch must not come in by this door.
  if (chosen_ != nullptr && chosen_->is_choice()) {
    return chosen_->Substitute(config_.seed, epoch, ticket_id, attempt);
  }
  if (attempt >= dataset_.size()) return std::nullopt;
  const KeyedPermutation candidates(dataset_.size(), config_.seed, epoch, ticket_id, "substitute");
  return candidates.At(attempt);
}

bool BadSamples::IsTooMany(const BadRecord& record) {
  if (config_.on_corrupt == OnCorrupt::kError) return true;
  return !delivered_bad_[record.id] && delivered_bad_count_ >= budget_;
}

void BadSamples::Quarantine(std::span<const BadRecord> records, uint32_t epoch) {
  if (quarantine_ == nullptr) return;
  try {
    uint64_t last = UINT64_MAX;  // they are sorted
    for (const BadRecord& record : records) {
      if (record.id != std::exchange(last, record.id) && !delivered_bad_[record.id]) {
        quarantine_->Add(dataset_, record.id, epoch, record.status);
      }
    }
    const Status status = quarantine_->Flush();
    if (status.ok()) return;
    const std::string text = quarantine_->path() + ": " + status.text() + ": " +
                             strerror(status.error_number()) + "; no more is written to it";
    log_.Write(LogLevel::kWarning, text.c_str());
  } catch (const std::bad_alloc&) {  // the counters have them
  }
}

bool BadSamples::EndsRun(std::span<BadRecord> records, uint32_t epoch, RunFailure* failure) {
  if (records.empty()) return false;
  // Workers leave them in any order.
  std::sort(records.begin(), records.end(),
            [](const BadRecord& a, const BadRecord& b) { return a.id < b.id; });
  Quarantine(records, epoch);
  for (const BadRecord& record : records) {
    if (!IsTooMany(record)) {
      if (!delivered_bad_[record.id]) ++delivered_bad_count_;
      delivered_bad_[record.id] = true;
      continue;
    }
    failure->code =
        config_.on_corrupt == OnCorrupt::kError ? record.status.code() : Code::kCorruptBudget;
    failure->error_number = record.status.error_number();
    failure->sample_id = static_cast<int64_t>(record.id);
    failure->text = DescribeSample(dataset_, record.id, record.status);
    if (failure->code == Code::kCorruptBudget) {
      failure->text = "more than " + std::to_string(budget_) +
                      " bad samples (loader.corrupt_budget), the last one: " + failure->text;
    }
    return true;
  }
  return false;
}

}  // namespace headrace::loader
