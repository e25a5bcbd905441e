// Made-up data sets and records for the tests of the checkpoint index.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "loader/checkpoints/checkpoint_index.h"

namespace headrace::testing {

// A data set that has no files: the index looks at names, sizes and times alone.
class MadeUpSet final : public loader::Dataset {
 public:
  struct Sample {
    std::string path;
    uint64_t bytes = 0;
    int64_t mtime_ns = 0;
  };

  explicit MadeUpSet(std::string root, uint64_t size = 0) : root_(std::move(root)) {
    for (uint64_t id = 0; id < size; ++id) {
      samples.push_back({"class/" + std::to_string(id) + ".jpg", 20'000 + 1000 * (id % 7),
                         static_cast<int64_t>(1'700'000'000'000'000'000 + id)});
    }
  }
  uint64_t size() const override { return samples.size(); }
  loader::Extent Locate(uint64_t id) const override {
    const Sample& sample = samples[id];
    return {.path = sample.path.c_str(), .bytes = sample.bytes, .mtime_ns = sample.mtime_ns};
  }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }

  std::vector<Sample> samples;

 private:
  std::string root_;
  std::vector<std::string> classes_{"class"};
};

// A record that is known by the sample's name and `version`.
inline std::vector<std::byte> RecordFor(const MadeUpSet& set, uint64_t id, int version = 1) {
  const std::string text = set.samples[id].path + " version " + std::to_string(version) + ' ';
  std::vector<std::byte> record(100 + id % 700);
  for (size_t i = 0; i < record.size(); ++i) {
    record[i] = static_cast<std::byte>(text[i % text.size()]);
  }
  return record;
}

struct Warnings {
  int count = 0;
  std::string last;
  loader::Counters counters;

  LogSink sink() {
    return {[](void* context, LogLevel level, const char* text) {
              auto* self = static_cast<Warnings*>(context);
              if (level == LogLevel::kWarning) ++self->count;
              self->last = text;
            },
            this};
  }
};

// An index that is open, and what it has said.
struct OpenIndex {
  std::unique_ptr<Warnings> warnings = std::make_unique<Warnings>();
  std::unique_ptr<loader::CheckpointIndex> index;
  Status status;
  loader::CheckpointIndex* operator->() const { return index.get(); }
};

inline OpenIndex TryOpen(const MadeUpSet& set, const std::string& folder,
                         loader::CheckpointOptions options = {}) {
  OpenIndex open;
  options.folder = folder;
  auto made =
      loader::CheckpointIndex::Open(set, options, open.warnings->sink(), &open.warnings->counters);
  open.status = made.status();
  if (made.ok()) open.index = std::move(*made);
  return open;
}

inline OpenIndex MustOpenIndex(const MadeUpSet& set, const std::string& folder,
                               const loader::CheckpointOptions& options = {}) {
  OpenIndex open = TryOpen(set, folder, options);
  EXPECT_TRUE(open.status.ok()) << open.status.text();
  return open;
}

// The bytes that Find names; empty when it names none. Fails when they are not in the file.
inline std::vector<std::byte> RecordIn(const loader::CheckpointIndex& index, uint64_t id) {
  const auto found = index.Find(id);
  std::vector<std::byte> record(found.bytes);
  if (found.bytes == 0) return record;
  EXPECT_EQ(::pread(found.file, record.data(), record.size(), static_cast<off_t>(found.offset)),
            static_cast<ssize_t>(record.size()));
  return record;
}

// Adds the records of all samples with id % step == first.
inline void AddEvery(const OpenIndex& open, const MadeUpSet& set, uint64_t step = 1,
                     uint64_t first = 0, int version = 1) {
  for (uint64_t id = first; id < set.size(); id += step) {
    open->Add(0, id, RecordFor(set, id, version));
  }
  open->Flush(0);
}

}  // namespace headrace::testing
