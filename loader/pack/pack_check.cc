#include "loader/pack/pack_check.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "loader/pack/pack_folder.h"
#include "loader/pack/verify_shard.h"
#include "loader/plan.h"

namespace headrace::loader {
namespace {

// What: one shard, looked at. Owner: DropDamaged. Thread: the worker that took it.
struct CheckedShard {
  uint64_t number = 0;
  uint64_t bad = 0;
  SampleNote first;
};

// Whether a code is about the bytes of a shard. Others are about this attempt to read them: another
// one may find the shard whole.
bool IsDamage(Code code) {
  switch (code) {
    case Code::kPermission:
    case Code::kIoError:
    case Code::kOutOfMemory:
    case Code::kOverBudget:
    case Code::kSystem: return false;
    default: return true;
  }
}

std::string Text(const CheckedShard& shard, const std::string& folder) {
  std::string text = folder + "/" + ShardName(shard.number) + ": ";
  if (shard.first.id >= 0) text += "sample " + std::to_string(shard.first.id) + ": ";
  text += shard.first.text;
  if (shard.bad > 1) text += " (and " + std::to_string(shard.bad - 1) + " more)";
  return text + "; the shard is made again";
}

}  // namespace

bool DropDamaged(const PackJob& job, const ShardPlan& plan, const std::vector<std::string>& classes,
                 const JobHooks& hooks, FoundPack* found, JobError* error) {
  std::vector<CheckedShard> shards;
  uint64_t samples = 0;
  for (uint64_t shard = job.rank; shard < plan.shards(); shard += job.world_size) {
    if (!found->complete[shard]) continue;
    shards.push_back({.number = shard, .bad = 0, .first = {}});
    samples += plan.begin[shard + 1] - plan.begin[shard];
  }
  if (shards.empty()) return true;
  JobThreads threads(hooks, samples, 0);
  std::atomic<size_t> next{0};
  const auto workers = static_cast<uint32_t>(
      std::clamp<uint64_t>(job.workers > 0 ? job.workers : AllowedCpus(), 1, shards.size()));
  const ShardsPack pack{job.folder, classes, plan.begin.back()};
  const bool good = threads.Run(
      workers,
      [&](uint32_t) {
        while (!threads.Ending()) {
          // Relaxed: the numbers are all that workers share.
          const size_t at = next.fetch_add(1, std::memory_order_relaxed);
          if (at >= shards.size()) break;
          CheckedShard& shard = shards[at];
          const uint64_t first_id = plan.begin[shard.number];
          VerifyShard(pack,
                      {.number = shard.number,
                       .first_id = first_id,
                       .records = plan.begin[shard.number + 1] - first_id},
                      {.bad =
                           [&](SampleNote note) {
                             if (!IsDamage(note.code)) {
                               threads.Fail({.code = note.code,
                                             .text = "cannot check " + job.folder + "/" +
                                                     ShardName(shard.number) + ": " + note.text,
                                             .error_number = 0,
                                             .sample_id = note.id});
                             }
                             if (shard.bad++ == 0) shard.first = std::move(note);
                           },
                       .done =
                           [&threads](uint64_t bytes) {
                             threads.Done(1, bytes);
                             return !threads.Ending();
                           }});
        }
      },
      error);
  if (!good) return false;
  for (const CheckedShard& shard : shards) {
    if (shard.bad == 0) continue;
    found->complete[shard.number] = false;
    found->removable.push_back(shard.number);
    hooks.log.Write(LogLevel::kWarning, Text(shard, job.folder).c_str());
  }
  return true;
}

}  // namespace headrace::loader
