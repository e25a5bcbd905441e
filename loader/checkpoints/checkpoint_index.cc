#include "loader/checkpoints/checkpoint_index.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/hash.h"
#include "base/status_text.h"
#include "loader/checkpoints/checkpoint_file.h"
#include "loader/checkpoints/checkpoint_merge.h"
#include "loader/checkpoints/samples_by_hash.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

// The same for every way to write the root's path.
uint64_t SetHash(const Dataset& dataset, const std::string& selection) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, Free> real(::realpath(dataset.root().c_str(), nullptr));
  const std::string root = real ? real.get() : dataset.root();
  const uint64_t hash = Hash64(std::as_bytes(std::span(root)));
  return selection.empty() ? hash : Hash64(std::as_bytes(std::span(selection)), hash);
}

}  // namespace

Result<std::unique_ptr<CheckpointIndex>> CheckpointIndex::Open(const Dataset& dataset,
                                                               const CheckpointOptions& options,
                                                               const LogSink& log,
                                                               Counters* counters) {
  std::unique_ptr<CheckpointIndex> made(new CheckpointIndex(dataset, log, counters));
  made->options_ = options;
  HR_TRY(made->MakeFiles(SetHash(dataset, options.selection)));
  made->words_ = std::make_unique<std::atomic<uint64_t>[]>(dataset.size());
  HR_ASSIGN_OR_RETURN(made->buffers_,
                      HostMemory::Map(options.workers * kBufferBytes, HostMemory::Pages::kSmall));
  made->writers_.resize(options.workers);
  for (uint32_t i = 0; i < options.workers; ++i) {
    made->writers_[i].buffer = made->buffers_.span().subspan(i * kBufferBytes, kBufferBytes);
    made->writers_[i].pending = std::make_unique<Pending[]>(kPendingMax);
  }
  made->TakeOverIndex();
  return made;
}

CheckpointIndex::~CheckpointIndex() = default;

uint64_t CheckpointIndex::PlanBytes(uint64_t samples, uint32_t workers) {
  return SaturatingMul(samples, sizeof(uint64_t)) + SamplesByHash::BytesFor(samples) +
         workers * (kBufferBytes + kRecordBytesMax + kPendingMax * sizeof(Pending)) +
         CheckpointMerge::kBytes;
}

Status CheckpointIndex::MakeFiles(uint64_t set_hash) {
  HR_ASSIGN_OR_RETURN(folder_, CheckpointFolder::Open(options_.folder, set_hash));
  path_ = options_.folder + "/" + folder_.index_name();
  folder_.RemoveOrphan();
  HR_ASSIGN_OR_RETURN(new_file_, folder_.MakeNameless());
  return Status();
}

void CheckpointIndex::TakeOverIndex() {
  auto file = CheckpointFile::Open(folder_.fd(), folder_.index_name().c_str(), folder_.set_hash());
  MatchCounts counts;
  bool good = file.ok();
  if (good) {
    good = MatchSamples(dataset_, &*file, &counts,
                        [&](const auto& item, const Extent&, const CheckpointEntry* entry) {
                          if (entry == nullptr || entry->offset >= kOffsetMax) return true;
                          // Relaxed: the threads that read it start later.
                          words_[item.id].store(Pack(entry->offset, entry->record_bytes, 0),
                                                std::memory_order_relaxed);
                          ++count_at_open_;
                          return true;
                        });
  }
  if (good) {
    index_file_ = file->TakeFile();
    if (counts.stale > 0) {
      const std::string text = "checkpoints: " + std::to_string(counts.stale) +
                               " files have changed; theirs in " + path_ + " are ignored";
      log_.Write(LogLevel::kWarning, text.c_str());
    }
    return;
  }
  if (file.status().code() == Code::kNotFound || !OpeningGoesOn()) return;
  // It changed while it was read, or was damaged from the start.
  for (uint64_t id = 0; id < dataset_.size(); ++id) {
    words_[id].store(kNone, std::memory_order_relaxed);
  }
  count_at_open_ = 0;
  const std::string why = file.ok() ? "changes while it is read" : TextOf(file.status());
  const std::string text = "checkpoints: " + path_ + " " + why + ": ignored and made again";
  log_.Write(LogLevel::kWarning, text.c_str());
}

CheckpointIndex::Found CheckpointIndex::FoundOf(uint64_t word) const {
  const uint64_t bytes = BytesOfWord(word);
  if (bytes == 0) return {};
  const bool is_new = (word & kInNewFile) != 0;
  return {.file = is_new ? new_file_.get() : index_file_.get(),
          .offset = ((word & (kInNewFile - 1)) >> kBytesBits) * kRecordAlignment,
          .bytes = static_cast<uint32_t>(bytes)};
}

CheckpointIndex::Found CheckpointIndex::Find(uint64_t id) const {
  // Pairs with the release in Flush: the record's bytes are in the file.
  return FoundOf(words_[id].load(std::memory_order_acquire));
}

bool CheckpointIndex::Wants(uint64_t id) const {
  const uint64_t word = words_[id].load(std::memory_order_relaxed);
  return (word == kNone || word == kRejected) && !given_up_.load(std::memory_order_relaxed);
}

void CheckpointIndex::Add(uint32_t worker, uint64_t id, std::span<const std::byte> record) {
  if (record.empty() || record.size() > RecordBytesMax(dataset_.Locate(id).bytes)) return;
  if (!Wants(id)) return;
  uint64_t word = words_[id].load(std::memory_order_relaxed);
  if ((word != kNone && word != kRejected) ||
      !words_[id].compare_exchange_strong(word, kAdding, std::memory_order_relaxed)) {
    return;  // another worker has the same sample just now
  }
  Writer& writer = writers_[worker];
  const uint64_t room = RoundUp(record.size(), kRecordAlignment);
  if (writer.used + room > writer.buffer.size() || writer.count == kPendingMax) Flush(worker);
  std::memcpy(writer.buffer.data() + writer.used, record.data(), record.size());
  std::memset(writer.buffer.data() + writer.used + record.size(), 0, room - record.size());
  writer.pending[writer.count++] = {.id = id,
                                    .offset = static_cast<uint32_t>(writer.used),
                                    .bytes = static_cast<uint32_t>(record.size())};
  writer.used += room;
}

Result<uint64_t> CheckpointIndex::Reserve(uint64_t bytes) {
  const uint64_t offset = new_end_.fetch_add(bytes, std::memory_order_relaxed);
  if (SaturatingAdd(offset, bytes) > kOffsetMax) {
    return Status(Code::kIoError, "the file of new records is full", EFBIG);
  }
  return offset;
}

void CheckpointIndex::Flush(uint32_t worker) {
  Writer& writer = writers_[worker];
  if (writer.count == 0) return;
  Status status;
  uint64_t begin = 0;
  if (!given_up_.load(std::memory_order_relaxed)) {
    auto place = Reserve(writer.used);
    status = place.status();
    if (place.ok()) {
      begin = *place;
      status = io::WriteAt(new_file_.get(), writer.buffer.first(writer.used), begin);
    }
    if (!status.ok()) GiveUp(status);
  }
  const bool written = status.ok() && !given_up_.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < writer.count; ++i) {
    const Pending& one = writer.pending[i];
    const uint64_t word = written ? Pack(begin + one.offset, one.bytes, kInNewFile) : kNone;
    // Pairs with Find. Nobody else changes a word that is kAdding.
    words_[one.id].store(word, std::memory_order_release);
  }
  if (written) {
    headrace::loader::Add(counters_->checkpoints_written, writer.count);
    changed_.store(true, std::memory_order_relaxed);
  }
  writer.used = 0;
  writer.count = 0;
}

void CheckpointIndex::GiveUp(const Status& why) {
  if (given_up_.exchange(true, std::memory_order_relaxed)) return;
  char text[256];
  std::snprintf(text, sizeof text,
                "checkpoints: the file of new records %s (errno %d): no more are kept", why.text(),
                why.error_number());
  log_.Write(LogLevel::kWarning, text);
}

void CheckpointIndex::Reject(uint64_t id) {
  uint64_t word = words_[id].load(std::memory_order_relaxed);
  // Once a record: several threads may have met it.
  if (BytesOfWord(word) == 0 ||
      !words_[id].compare_exchange_strong(word, kRejected, std::memory_order_relaxed)) {
    return;
  }
  headrace::loader::Add(counters_->checkpoints_rejected, 1);
  changed_.store(true, std::memory_order_relaxed);
  if (warned_rejected_.exchange(true, std::memory_order_relaxed)) return;
  log_.Write(LogLevel::kWarning,
             "checkpoints: one did not fit its file, or could not be read, and will be made again; "
             "the statistics count further ones");
}

void CheckpointIndex::Close() noexcept {
  if (closed_) return;
  closed_ = true;
  for (uint32_t worker = 0; worker < writers_.size(); ++worker) Flush(worker);
  // After a failed write there is no hope for a larger file.
  if (!changed_.load(std::memory_order_relaxed) || given_up_.load(std::memory_order_relaxed))
    return;
  try {
    const Status status = CheckpointMerge(*this).Run();
    if (status.ok()) return;
    const std::string text =
        "checkpoints: " + path_ + ": " + TextOf(status) + "; the new ones may be lost";
    log_.Write(LogLevel::kWarning, text.c_str());
  } catch (const std::bad_alloc&) {
    log_.Write(LogLevel::kWarning, "checkpoints: no memory to write them; the new ones are lost");
  }
}

}  // namespace headrace::loader
