// The entry points, and the one translation unit that holds the parser's code.
#define TOML_IMPLEMENTATION
#include "loader/config_toml.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/scope_guard.h"
#include "loader/config_toml_reader.h"

namespace headrace::loader {
namespace {

struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

// Finds a dotted key with more than kTomlDepthMax parts. The parser makes one table a part and
// frees them recursively, so such a key must never reach it. Looks at text before the first syntax
// error exactly as the parser does; what stands after one is never parsed.
class DottedKeyScan {
 public:
  explicit DottedKeyScan(std::string_view text) : text_(text) {}

  std::optional<Position> Find() {
    size_t dots = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        SkipString(c);
        continue;
      }
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        continue;
      }
      if (c == '.' && ++dots >= kTomlDepthMax) return position_;
      if (std::strchr("=,[]{}\n", c) != nullptr) dots = 0;
      Advance();
    }
    return std::nullopt;
  }

 private:
  void Advance() {
    // Columns count code points.
    if ((static_cast<uint8_t>(text_[at_]) & 0xc0) != 0x80) ++position_.column;
    if (text_[at_] == '\n') position_ = {position_.line + 1, 1};
    ++at_;
  }

  bool IsTriple(char quote) const { return text_.substr(at_, 3) == std::string(3, quote); }

  void SkipString(char quote) {
    const bool multi_line = IsTriple(quote);
    const size_t quotes = multi_line ? 3 : 1;
    for (size_t i = 0; i < quotes; ++i) Advance();
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !multi_line) return;  // a syntax error, which the parser will tell
      if (c == quote && (!multi_line || IsTriple(quote))) break;
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) Advance();
      Advance();
    }
    for (size_t i = 0; i < quotes && at_ < text_.size(); ++i) Advance();
    // Up to two quotes may stand before the closing three.
    while (multi_line && at_ < text_.size() && text_[at_] == quote) Advance();
  }

  std::string_view text_;
  size_t at_ = 0;
  Position position_;
};

bool FailSyntax(Document* document, const toml::source_region& region, std::string found,
                std::string allowed) {
  return document->report.Fail({.code = Code::kConfigSyntax,
                                .place = document->PlaceOf(region),
                                .subject = {},
                                .found = std::move(found),
                                .allowed = std::move(allowed),
                                .suggestion = {}});
}

static_assert(kTomlDepthMax == 32 && TOML_MAX_NESTED_VALUES == 32);
constexpr const char* kDepthAllowed = "allowed: at most 32 levels";

bool FailRead(Document* document, int error_number) {
  const bool folder = error_number == EISDIR;
  std::array<char, 128> buffer{};
  const char* reason = strerror_r(error_number, buffer.data(), buffer.size());
  return document->report.Fail({.code = folder ? Code::kNotRegularFile : CodeOfErrno(error_number),
                                .place = document->PlaceOf({}),
                                .subject = {},
                                .found = folder ? "is a folder" : reason,
                                .allowed = "allowed: a TOML file that can be read",
                                .suggestion = {},
                                .error_number = error_number});
}

bool ParseInto(Document* document, const ConfigSource& source, Config* config) {
  toml::table root;
  if (!ParseTables(document, source, &root)) return false;
  *config = {};
  config->file = source.name;
  return ReadConfig(document, root, config);
}

// One op from the inside of an inline table.
bool ParseOp(Document* document, const std::string& text, OpConfig* op) {
  constexpr std::string_view kOpen = "v = {";
  document->column_shift = kOpen.size();
  // A line end would let the text leave the braces.
  if (text.find_first_of("\r\n") != text.npos) {
    return FailSyntax(document, {}, "found a line end",
                      "allowed: one line, such as op = \"resize\", size = 224");
  }
  toml::table root;
  if (!ParseToml(document, std::string(kOpen) + text + '}', {}, &root)) return false;
  const toml::table* entry = root.get_as<toml::table>("v");
  if (entry == nullptr) {
    return FailSyntax(document, {}, "found no table", "allowed: op = \"resize\", size = 224");
  }
  if (!ReadOp(document, *entry, op)) return false;
  op->line = 0;
  return true;
}

// Ops as a configuration has them, and as Explain prints them: [[augment]] entries and nothing
// else.
bool ParseOpEntries(Document* document, const std::string& text, std::vector<OpConfig>* ops) {
  constexpr std::string_view kKeys[] = {"augment"};
  document->column_shift = 0;
  toml::table root;
  if (!ParseToml(document, text, {}, &root)) return false;
  if (!TableReader(document, {}, root).Keys(kKeys)) return false;
  const toml::array* entries = root.get_as<toml::array>("augment");
  for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    const toml::table* entry = (*entries)[i].as_table();
    if (entry == nullptr) {
      return FailSyntax(document, {}, "found no table", "allowed: [[augment]] entries");
    }
    if (!ReadOp(document, *entry, &ops->emplace_back())) return false;
  }
  return true;
}

// Whether the text is a list of entries and not the inside of one inline table.
bool HoldsEntries(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text.substr(first).starts_with("[[");
}

}  // namespace

bool ParseToml(Document* document, std::string_view text, std::string_view origin,
               toml::table* root) {
  toml::source_region region{};  // the library leaves its numbers unset
  region.begin = {1, 1};
  if (!origin.empty()) region.path = std::make_shared<const std::string>(origin);
  if (text.size() > kTomlBytesMax) {
    return FailSyntax(document, region, "found more than 1 MiB of text", "allowed: at most 1 MiB");
  }
  if (const auto deep = DottedKeyScan(text).Find()) {
    region.begin = {deep->line, deep->column};
    return FailSyntax(document, region, "found a key of too many parts", kDepthAllowed);
  }
  toml::parse_result result = toml::parse(text, origin);
  if (!result) {
    const toml::parse_error& error = result.error();
    region.begin = error.source().begin;
    if (error.description().find("TOML_MAX_NESTED_VALUES") != std::string_view::npos) {
      return FailSyntax(document, region, "found values nested too deep", kDepthAllowed);
    }
    return FailSyntax(document, region, "not TOML: " + std::string(error.description()), {});
  }
  *root = std::move(result).table();
  return true;
}

bool ParseTables(Document* document, const ConfigSource& source, toml::table* root) {
  if (!ParseToml(document, source.text, {}, root)) return false;
  for (const std::string& text : source.overrides) {
    if (!ApplyOverride(document, text, root)) return false;
  }
  return true;
}

int ReadTomlFile(const std::string& path, TomlFile kind, std::string* text) {
  // Not blocking: a pipe that nobody writes to would keep the call for ever.
  const int flags = kind == TomlFile::kRegular ? O_NONBLOCK : 0;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) return errno;
  const ScopeGuard close_fd([fd] { close(fd); });
  struct stat about {};
  if (kind == TomlFile::kRegular && fstat(fd, &about) != 0) return errno;
  if (kind == TomlFile::kRegular && !S_ISREG(about.st_mode)) {
    return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
  }
  std::array<char, 65536> block;
  while (text->size() <= kTomlBytesMax) {
    const ssize_t count = read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) break;
    text->append(block.data(), static_cast<size_t>(count));
  }
  return 0;
}

bool ReadConfigText(Document* document, const std::string& path, std::string* text) {
  document->name = path;
  const size_t slash = path.rfind('/');
  if (slash != path.npos) document->folder = path.substr(0, std::max<size_t>(slash, 1));
  const int error_number = ReadTomlFile(path, TomlFile::kAny, text);
  return error_number == 0 || FailRead(document, error_number);
}

bool ParseConfig(const ConfigSource& source, Config* config, ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    document.name = source.name;
    document.folder = source.folder;
    return ParseInto(&document, source, config);
  });
}

bool ParseConfigFile(const std::string& path, std::span<const std::string> overrides,
                     Config* config, ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    std::string text;
    if (!ReadConfigText(&document, path, &text)) return false;
    ConfigSource source;
    source.text = text;
    source.name = path;
    source.overrides = overrides;
    return ParseInto(&document, source, config);
  });
}

bool ParseOps(std::span<const std::string> texts, std::vector<OpConfig>* ops, ConfigError* error) {
  Document document;
  return Fenced(&document, error, [&] {
    ops->clear();
    for (const std::string& text : texts) {
      document.name = "op " + std::to_string(ops->size() + 1);
      if (HoldsEntries(text)) {
        if (!ParseOpEntries(&document, text, ops)) return false;
      } else if (!ParseOp(&document, text, &ops->emplace_back())) {
        return false;
      }
    }
    return true;
  });
}

}  // namespace headrace::loader
