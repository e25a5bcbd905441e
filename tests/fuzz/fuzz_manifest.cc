// Fuzzes manifests: any text gives one bounded line of what is wrong with it, or rows whose paths
// stay beneath their folder and whose labels lie within the classes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "loader/manifest/manifest_labels.h"
#include "loader/manifest/manifest_text.h"

namespace {

using headrace::Code;
using headrace::loader::ConfigError;
using headrace::loader::ManifestLabels;
using headrace::loader::ManifestRow;
using headrace::loader::ManifestText;

// Rows of more numbers take time and find nothing more.
constexpr size_t kColumnsMax = 4096;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckPath(std::string_view path) {
  Require(!path.empty() && path.front() != '/' && path.back() != '/');
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    Require(!part.empty() && part != "." && part != "..");
    at = end + 1;
  }
}

void CheckLabels(const ManifestText& text, const ManifestLabels& labels) {
  const size_t columns = labels.classes().size();
  Require(columns > 0);
  std::vector<float> out(columns);
  for (size_t i = 0; i < text.rows.size(); ++i) {
    const int32_t label = labels.Class(i);
    Require(label >= (labels.has_rows() ? -1 : 0) && label < static_cast<int64_t>(columns));
    if (!labels.has_rows() || columns > kColumnsMax) continue;
    labels.FillRow(i, out);
    for (const float number : out) Require(std::isfinite(number));
    if (label >= 0) Require(out[static_cast<size_t>(label)] == 1.0f);
  }
}

void Check(std::string_view input, const std::vector<std::string>& classes) {
  ManifestText text;
  text.file = "fuzz.tsv";
  text.key = "[dataset] path";
  ManifestLabels labels;
  ConfigError error;
  const bool read = headrace::loader::ReadManifestLines(input, &text, &error);
  for (const ManifestRow& row : text.rows) CheckPath(text.PathOf(row));
  const bool good = read && labels.Make(text, classes, &error);
  Require(good == (error.code == Code::kOk));
  Require(good == error.text.empty());
  Require(error.code != Code::kInternal);
  Require(error.text.size() <= 480);
  for (const char c : error.text) Require(static_cast<unsigned char>(c) >= 32 && c != 127);
  if (good) CheckLabels(text, labels);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input, {});
  Check(input, {"cat", "dog", "1"});
  return 0;
}
