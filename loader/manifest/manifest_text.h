// The text of a manifest: lines of path, label[, width, height], between tabs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config_toml.h"

namespace headrace::loader {

// What the column of labels holds: by its name in the header, or, without one, by what stands in it
// (ManifestLabels).
enum class LabelColumn : uint8_t { kByContent, kLabel, kLabels, kValues };

struct ManifestRow {
  uint64_t path = 0;   // where it begins in ManifestText::text; ends with NUL
  uint64_t label = 0;  // the same, without an end
  uint32_t label_bytes = 0;
  uint32_t label_column = 0;  // where it stands in its line, in bytes from 1
  uint32_t line = 0;          // from 1
};

// What: the rows of one manifest as they were read. Owner: whoever opens the data set; gone when it
// is open. Cost: the bytes of the paths and labels, and a row a line.
struct ManifestText {
  std::string file;  // its path, for messages
  std::string key;   // "[dataset] path"
  LabelColumn labels = LabelColumn::kByContent;
  std::vector<char> text;
  std::vector<ManifestRow> rows;

  const char* PathOf(const ManifestRow& row) const { return text.data() + row.path; }
  std::string_view LabelOf(const ManifestRow& row) const {
    return {text.data() + row.label, row.label_bytes};
  }
  // "[dataset] path: train.tsv:12:7", for the beginning of an error.
  std::string PlaceOf(uint64_t line, uint64_t column) const;
  std::string LabelPlace(const ManifestRow& row) const {
    return PlaceOf(row.line, row.label_column);
  }
};

// Reads the lines of `text->file` or, for tests and fuzzing, of `lines`. Paths come out without "."
// and doubled slashes; none is absolute or leads upwards.
[[nodiscard]] bool ReadManifest(ManifestText* text, ConfigError* error);
[[nodiscard]] bool ReadManifestLines(std::string_view lines, ManifestText* text,
                                     ConfigError* error);

}  // namespace headrace::loader
