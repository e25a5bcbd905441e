// A data set of nothing but ids, in runs of given lengths.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "loader/dataset.h"

namespace headrace::testing {

class RunDataset : public loader::Dataset {
 public:
  explicit RunDataset(const std::vector<uint64_t>& lengths) : begins_{0} {
    for (const uint64_t length : lengths) begins_.push_back(begins_.back() + length);
  }

  uint64_t size() const override { return begins_.back(); }
  loader::Extent Locate(uint64_t id) const override {
    return {.path = "shard", .offset = id * 512, .bytes = 100 + id % 7, .whole_file = false};
  }
  int64_t Label(uint64_t /*id*/) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }
  uint64_t RunCount() const override { return begins_.size() - 1; }
  uint64_t RunBegin(uint64_t run) const override { return begins_[run]; }

  // Which run an id is of.
  uint64_t RunOf(uint64_t id) const {
    uint64_t run = 0;
    while (begins_[run + 1] <= id) ++run;
    return run;
  }

 private:
  std::vector<uint64_t> begins_;
  std::vector<std::string> classes_ = {"one"};
  std::string root_;
};

}  // namespace headrace::testing
