#include "loader/manifest/manifest_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "loader/config_report.h"
#include "loader/text_lines.h"

namespace headrace::loader {
namespace {

constexpr size_t kFieldsMax = 4;
constexpr size_t kPathBytesMax = 4095;  // of a name that the kernel takes
constexpr size_t kSidesMax = 9;         // digits of a width or height
constexpr uint64_t kLinesMax = std::numeric_limits<uint32_t>::max();

enum class Column : uint8_t { kPath, kLabel, kWidth, kHeight };

struct ColumnName {
  std::string_view name;
  Column column;
  LabelColumn labels = LabelColumn::kByContent;
};
constexpr ColumnName kColumnNames[] = {{"path", Column::kPath},
                                       {"label", Column::kLabel, LabelColumn::kLabel},
                                       {"labels", Column::kLabel, LabelColumn::kLabels},
                                       {"value", Column::kLabel, LabelColumn::kValues},
                                       {"values", Column::kLabel, LabelColumn::kValues},
                                       {"width", Column::kWidth},
                                       {"height", Column::kHeight}};
constexpr std::string_view kColumnsText =
    "path, one of label, labels, value, values, and perhaps width and height";

struct Field {
  std::string_view text;
  size_t column = 0;  // in bytes from 1
};

// Owner and thread: one reading.
class ManifestReader {
 public:
  ManifestReader(ManifestText* text, ConfigError* error) : text_(*text), error_(error) {}

  [[nodiscard]] bool Line(uint64_t number, std::string_view line) {
    number_ = number;
    if (line.empty() || line.front() == '#') return true;
    if (number > kLinesMax)
      return FailAt(1, "more lines than 4294967295; cut it into several sets");
    if (!Cut(line)) return false;
    const bool first = columns_.empty();
    if (first && IsHeader()) return Header();
    if (first && !Unnamed()) return false;
    return Row();
  }

 private:
  bool FailAt(size_t column, const std::string& what) {
    return Fail(error_, Code::kConfigValue, text_.PlaceOf(number_, column) + ": " + what);
  }

  bool Cut(std::string_view line) {
    count_ = 0;
    size_t begin = 0;
    for (;;) {
      const size_t end = std::min(line.find('\t', begin), line.size());
      if (count_ == kFieldsMax) {
        return FailAt(begin + 1, "more than 4 fields; expected " + std::string(kColumnsText));
      }
      fields_[count_++] = {line.substr(begin, end - begin), begin + 1};
      if (end == line.size()) break;
      begin = end + 1;
    }
    return true;
  }

  // It may be misspelt elsewhere, if it begins like one.
  bool IsHeader() const {
    const std::span<const Field> fields = std::span(fields_).first(count_);
    return fields[0].text == "path" || std::ranges::all_of(fields, [](const Field& field) {
             return std::ranges::find(kColumnNames, field.text, &ColumnName::name) !=
                    std::end(kColumnNames);
           });
  }

  bool Header() {
    for (const Field& field : std::span(fields_).first(count_)) {
      const auto known = std::ranges::find(kColumnNames, field.text, &ColumnName::name);
      if (known == std::end(kColumnNames)) {
        return FailAt(field.column, "a column " + Quoted(field.text) +
                                        " in the header; allowed: " + std::string(kColumnsText));
      }
      if (std::ranges::find(columns_, known->column) != columns_.end()) {
        return FailAt(field.column,
                      "the header has a second column of this kind, " + Quoted(field.text));
      }
      columns_.push_back(known->column);
      if (known->column == Column::kLabel) text_.labels = known->labels;
    }
    for (const Column needed : {Column::kPath, Column::kLabel}) {
      if (std::ranges::find(columns_, needed) != columns_.end()) continue;
      return FailAt(1, std::string("the header has no column of ") +
                           (needed == Column::kPath ? "paths" : "labels") + "; expected " +
                           std::string(kColumnsText));
    }
    return true;
  }

  // Without a header the first line says how many columns there are.
  bool Unnamed() {
    if (count_ != 2 && count_ != 4) {
      return FailAt(1, "found " + std::to_string(count_) +
                           " fields between tabs; expected path, label, or path, label, width, "
                           "height");
    }
    columns_ = {Column::kPath, Column::kLabel, Column::kWidth, Column::kHeight};
    columns_.resize(count_);
    return true;
  }

  bool Row() {
    if (count_ != columns_.size()) {
      return FailAt(1, "found " + std::to_string(count_) + " fields between tabs; expected " +
                           std::to_string(columns_.size()) + " as in the lines before");
    }
    ManifestRow row;
    row.line = static_cast<uint32_t>(number_);
    for (size_t i = 0; i < count_; ++i) {
      switch (columns_[i]) {
        case Column::kPath:
          row.path = text_.text.size();
          if (!TakePath(fields_[i])) return false;
          break;
        case Column::kLabel:
          row.label = text_.text.size();
          row.label_bytes = static_cast<uint32_t>(fields_[i].text.size());
          row.label_column = static_cast<uint32_t>(fields_[i].column);
          text_.text.insert(text_.text.end(), fields_[i].text.begin(), fields_[i].text.end());
          break;
        case Column::kWidth:
        case Column::kHeight:
          if (!CheckSide(fields_[i])) return false;
          break;
      }
    }
    text_.rows.push_back(row);
    return true;
  }

  // Puts the path together again from its parts.
  bool TakePath(const Field& field) {
    const std::string_view path = field.text;
    const auto fail = [&](const std::string& what) {
      return FailAt(field.column, "the path " + Quoted(path) + ' ' + what);
    };
    if (path.starts_with('/')) {
      return fail(
          "is absolute; write it relative to the folder of the pictures, which is the manifest's "
          "own, or path if annotations names the manifest");
    }
    if (path.size() > kPathBytesMax) return fail("has more than 4095 bytes");
    std::vector<char>& out = text_.text;
    const size_t begin = out.size();
    for (size_t at = 0; at < path.size();) {
      const size_t end = std::min(path.find('/', at), path.size());
      const std::string_view part = path.substr(at, end - at);
      at = end + 1;
      if (part.empty() || part == ".") continue;
      if (part == "..") return fail("leads upwards; a manifest names pictures beneath its folder");
      if (out.size() > begin) out.push_back('/');
      out.insert(out.end(), part.begin(), part.end());
    }
    if (out.size() == begin) return fail("names no file");
    out.push_back('\0');
    return true;
  }

  // Nothing needs the sides, as every picture says them itself; but what is there must be one.
  bool CheckSide(const Field& field) {
    uint64_t side = 0;
    const char* end = field.text.data() + field.text.size();
    const auto [stop, code] = std::from_chars(field.text.data(), end, side);
    if (code == std::errc() && stop == end && side > 0 && field.text.size() <= kSidesMax)
      return true;
    return FailAt(field.column, "found " + Quoted(field.text) +
                                    "; expected the picture's width or height in pixels");
  }

  ManifestText& text_;
  ConfigError* const error_;
  std::vector<Column> columns_;  // of every row; empty before the first line
  uint64_t number_ = 0;
  std::array<Field, kFieldsMax> fields_;
  size_t count_ = 0;
};

bool Finish(const ManifestText& text, ConfigError* error) {
  if (!text.rows.empty()) return true;
  return Fail(error, Code::kEmptyDataset,
              text.key + ": " + Printable(text.file, 160) +
                  " names no sample; expected lines of path, tab, label");
}

}  // namespace

std::string ManifestText::PlaceOf(uint64_t line, uint64_t column) const {
  return LinePlace(key, file, line) + ':' + std::to_string(column);
}

bool ReadManifest(ManifestText* text, ConfigError* error) {
  ManifestReader reader(text, error);
  const auto on_line = [&](uint64_t number, std::string_view line) {
    return reader.Line(number, line);
  };
  return ReadTextLines(text->file, text->key, on_line, error) && Finish(*text, error);
}

bool ReadManifestLines(std::string_view lines, ManifestText* text, ConfigError* error) {
  ManifestReader reader(text, error);
  const auto on_line = [&](uint64_t number, std::string_view line) {
    return reader.Line(number, line);
  };
  return ForTextLines(lines, text->file, text->key, on_line, error) && Finish(*text, error);
}

}  // namespace headrace::loader
