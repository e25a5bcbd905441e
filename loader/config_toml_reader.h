// Typed, range-checked reads from parsed TOML, each with its error text.
//
// Private to loader/config_toml*.cc: the only files that see toml++. A read returns false after it
// has reported why; the caller stops. A key that is absent leaves the caller's default.
#pragma once

#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config.h"
#include "loader/config_ops.h"
#include "loader/config_report.h"
#include "loader/config_toml_lib.h"

namespace headrace::loader {

inline constexpr size_t kTomlBytesMax = size_t{1} << 20;
inline constexpr size_t kTomlDepthMax = 32;

class TableReader;

// What one parse works on: where texts come from, and what was found wrong.
struct Document {
  std::string name;           // of the file, for messages
  std::string folder;         // relative paths are relative to it
  uint32_t column_shift = 0;  // columns of line 1 that were put before the user's text
  Report report;

  // "train.toml:12:3"; for a value that an override gave, the override itself.
  std::string PlaceOf(const toml::source_region& region) const;
  // A path of the configuration, made independent of the working folder.
  std::string Resolve(std::string_view path) const;
};

// Parses `text` into *root; nesting (of values and of dotted keys) is bounded. `origin` is what
// PlaceOf shows for its values instead of file and line; empty: file and line.
bool ParseToml(Document* document, std::string_view text, std::string_view origin,
               toml::table* root);

// The same of a whole configuration: `source`'s text with its overrides.
bool ParseTables(Document* document, const ConfigSource& source, toml::table* root);
// Reads the configuration file at `path` into *text, and has *document resolve paths against its
// folder.
bool ReadConfigText(Document* document, const std::string& path, std::string* text);

// Runs `body` behind the fence that no exception passes; true when it found no error.
template <class Body>
bool Fenced(Document* document, ConfigError* error, Body body) {
  *error = {};
  try {
    const bool good = body();
    return document->report.Finish(error) && good;
  } catch (const std::bad_alloc&) {
    error->code = Code::kOutOfMemory;
    error->text.clear();  // a text would need the memory that there is not
  } catch (...) {
    error->code = Code::kInternal;
  }
  return false;
}

// Puts one `dotted.key=value` over *root.
bool ApplyOverride(Document* document, std::string_view text, toml::table* root);

// Reads a file, of more than kTomlBytesMax bytes just enough to tell; 0 or an errno.
enum class TomlFile : uint8_t { kAny, kRegular };
int ReadTomlFile(const std::string& path, TomlFile kind, std::string* text);

// Reads the tables of a whole configuration.
bool ReadConfig(Document* document, const toml::table& root, Config* config);
// Reads one [[augment]] or [[mix]] entry.
bool ReadOp(Document* document, const toml::table& entry, OpConfig* op);
bool ReadMix(Document* document, const toml::table& entry, MixConfig* mix);
// Of an op that is a policy: the rules that tie its parameters, what its profile says for those
// that were not given, and its policy file.
bool ReadPolicy(const TableReader& entry, OpConfig* op);
// Reads the tables of a policy file; *out has the defaults before.
struct PolicyFile;
bool ReadPolicyFile(Document* document, const toml::table& root, PolicyFile* out);
// Reads [search].
bool ReadSearch(const TableReader& table, SearchConfig* search);
// Reads the [search] of a configuration whose other tables are nobody's business.
bool ReadSearchAlone(Document* document, const toml::table& root, SearchConfig* search);
inline constexpr std::string_view kSearchKeys[] = {
    "space", "profile", "ops", "sub_policies", "num_ops", "probabilities", "bins"};

// The keys of each plain table, for suggestions across tables.
struct TableKeys {
  std::string_view table;
  std::span<const std::string_view> keys;
};
std::span<const TableKeys> AllTableKeys();

// How bounds read in a text: "from 0 to 1".
std::string BoundsText(const ParamBounds& bounds);

// One value and the name it goes by.
class ValueReader {
 public:
  ValueReader(Document* document, std::string_view label, std::string_view key,
              const toml::node& node, std::string place)
      : document_(document), label_(label), key_(key), node_(node), place_(std::move(place)) {}

  const toml::node& node() const { return node_; }
  Document* document() const { return document_; }

  bool Bool(bool* out) const;
  bool Int(int64_t low, int64_t high, int64_t* out) const;
  bool U32(uint32_t low, uint32_t high, uint32_t* out) const;
  bool U64(uint64_t low, uint64_t high, uint64_t* out) const;
  bool Number(const ParamBounds& bounds, double* out) const;
  bool Bytes(uint64_t* out) const;  // a count, or text with a unit ("2GiB"); at least 1
  bool Text(std::string* out) const;
  // The index of the word; a word that is not built is noted.
  bool Word(std::span<const ParamWord> words, size_t* index) const;
  // Lists; not empty, entries distinct.
  bool Texts(std::vector<std::string>* out) const;
  // Lists of numbers with one of the lengths `counts`.
  bool Numbers(const ParamBounds& bounds, std::span<const size_t> counts,
               std::vector<double>* out) const;
  // [low, high] with low <= high.
  bool Pair(const ParamBounds& bounds, Range* out) const;

  bool is_number() const { return node_.is_integer() || node_.is_floating_point(); }

  // Reports the value, with what is allowed instead; false.
  bool WrongType(std::string_view allowed) const;
  bool WrongValue(std::string_view allowed, std::string_view suggestion = {}) const;
  // What is wrong about a value that has parts: "found \"q3\"".
  bool WrongPart(Code code, std::string_view found, std::string_view allowed) const;
  // A list's entry that is wrong.
  bool WrongEntry(Code code, const toml::node& entry, std::string_view allowed) const;
  void NotBuilt(std::string_view built = {}) const;
  const std::string& place() const { return place_; }

 private:
  bool Fail(Code code, std::string found, std::string_view allowed,
            std::string_view suggestion) const;
  bool NumberOf(const toml::node& node, const ParamBounds& bounds, std::string_view allowed,
                double* out) const;

  Document* document_;
  std::string label_;
  std::string key_;
  const toml::node& node_;
  std::string place_;
};

// One table and the label it goes by in texts: "[loader]".
class TableReader {
 public:
  TableReader(Document* document, std::string label, const toml::table& table)
      : document_(document), label_(std::move(label)), table_(table) {}

  Document* document() const { return document_; }
  const toml::table& table() const { return table_; }
  const std::string& label() const { return label_; }

  // Every key must be one of these.
  bool Keys(std::span<const std::string_view> allowed) const;
  std::optional<ValueReader> Find(std::string_view key) const;
  // The key must be there.
  bool Missing(std::string_view key, std::string_view allowed) const;
  std::string Place() const;

  // Find and read; an absent key is no error.
  bool Bool(std::string_view key, bool* out) const;
  bool U32(std::string_view key, uint32_t low, uint32_t high, uint32_t* out) const;
  bool U64(std::string_view key, uint64_t low, uint64_t high, uint64_t* out) const;
  bool Number(std::string_view key, const ParamBounds& bounds, double* out) const;
  bool Bytes(std::string_view key, uint64_t* out) const;
  // `words` stand in the order of the enum.
  template <class Enum>
  bool Word(std::string_view key, std::span<const ParamWord> words, Enum* out) const {
    const auto value = Find(key);
    size_t index = 0;
    if (!value) return true;
    if (!value->Word(words, &index)) return false;
    *out = static_cast<Enum>(index);
    return true;
  }

 private:
  Document* document_;
  std::string label_;
  const toml::table& table_;
};

}  // namespace headrace::loader
