// The labels of a manifest: classes, several of them, or numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "loader/config_toml.h"
#include "loader/manifest/manifest_text.h"

namespace headrace::loader {

// What: the labels of all rows, made once at open. Owner: a data set; then any thread.
// Cost: a class a sample; of several classes an index each; of numbers all of them.
class ManifestLabels {
 public:
  // `classes`: the names as configured; empty: as the manifest has them. Indices give classes named
  // "0", "1", ... up to the largest; names give the different ones in byte order; numbers give "0",
  // "1", ..., or "value" for a single one. Indices among names, or the other way round, are an
  // error: one slip would give every class another number.
  [[nodiscard]] bool Make(const ManifestText& text, const std::vector<std::string>& classes,
                          ConfigError* error);

  const std::vector<std::string>& classes() const { return classes_; }
  // The one class of a row, or -1.
  int32_t Class(uint64_t row) const { return class_[row]; }
  bool has_rows() const { return !values_.empty() || !begin_.empty(); }
  void FillRow(uint64_t row, std::span<float> out) const;
  // Of what was listed: a row of a million classes is not made for it.
  uint64_t HashRow(uint64_t row, uint64_t seed) const;
  uint64_t bytes() const;

 private:
  class Maker;

  std::vector<std::string> classes_;
  std::vector<int32_t> class_;
  // Several classes: those of row i are members_[begin_[i]] up to [begin_[i + 1]].
  std::vector<uint64_t> begin_;
  std::vector<uint32_t> members_;
  std::vector<float> values_;  // numbers: classes_.size() a row
};

}  // namespace headrace::loader
