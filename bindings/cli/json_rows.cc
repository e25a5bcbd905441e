#include "bindings/cli/json_rows.h"

#include <cctype>
#include <cstdint>

namespace headrace::cli {
namespace {

constexpr int kDepthMax = 32;

class RowReader {
 public:
  RowReader(std::string_view text, std::vector<JsonRow>* rows) : text_(text), rows_(rows) {}

  bool Run() {
    if (!Value("", 0)) return false;
    SkipSpace();
    return at_ == text_.size();
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  bool Take(char expected) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  bool Value(const std::string& path, int depth) {
    if (depth > kDepthMax) return false;
    SkipSpace();
    if (at_ == text_.size()) return false;
    if (text_[at_] == '{') return Object(path, depth);
    if (text_[at_] == '[') return Array(path, depth);
    std::string value;
    if (!Scalar(&value)) return false;
    rows_->push_back({path, value});
    return true;
  }

  bool Object(const std::string& path, int depth) {
    ++at_;
    if (Take('}')) return true;
    do {
      std::string key;
      SkipSpace();
      if (!Quoted(&key) || !Take(':')) return false;
      if (!Value(path.empty() ? key : path + "." + key, depth + 1)) return false;
    } while (Take(','));
    return Take('}');
  }

  // Scalars become one row; entries that are objects or lists get rows of their own, numbered.
  bool Array(const std::string& path, int depth) {
    ++at_;
    std::string joined;
    bool has_scalars = false;
    size_t index = 0;
    if (!Take(']')) {
      do {
        SkipSpace();
        const bool is_nested = at_ < text_.size() && (text_[at_] == '{' || text_[at_] == '[');
        if (is_nested) {
          if (!Value(path + "." + std::to_string(index), depth + 1)) return false;
        } else {
          std::string value;
          if (!Scalar(&value)) return false;
          if (has_scalars) joined += ", ";
          joined += value;
          has_scalars = true;
        }
        ++index;
      } while (Take(','));
      if (!Take(']')) return false;
    }
    if (has_scalars || index == 0) rows_->push_back({path, joined});
    return true;
  }

  bool Scalar(std::string* value) {
    if (at_ < text_.size() && text_[at_] == '"') return Quoted(value);
    const size_t start = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
            std::string_view("+-.").find(text_[at_]) != std::string_view::npos)) {
      ++at_;
    }
    *value = text_.substr(start, at_ - start);
    return at_ > start;
  }

  bool Quoted(std::string* value) {
    if (at_ == text_.size() || text_[at_] != '"') return false;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        if (!Escape(value)) return false;
      } else {
        *value += text_[at_++];
      }
    }
    return Take('"');
  }

  bool Escape(std::string* value) {
    if (at_ + 1 >= text_.size()) return false;
    const char kind = text_[at_ + 1];
    at_ += 2;
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/     ";  // in a table, what moves the cursor is a space
    static_assert(kFrom.size() == kTo.size());
    if (const size_t found = kFrom.find(kind); found != kFrom.npos) {
      *value += kTo[found];
      return true;
    }
    if (kind != 'u' || at_ + 4 > text_.size()) return false;
    *value += "\\u" + std::string(text_.substr(at_, 4));  // shown as written
    at_ += 4;
    return true;
  }

  std::string_view text_;
  std::vector<JsonRow>* rows_;
  size_t at_ = 0;
};

}  // namespace

bool ReadJsonRows(std::string_view json, std::vector<JsonRow>* rows) {
  return RowReader(json, rows).Run();
}

}  // namespace headrace::cli
