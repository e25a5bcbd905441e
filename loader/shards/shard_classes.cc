#include "loader/shards/shard_classes.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "loader/open_watch.h"
#include "loader/pack/pack_members.h"
#include "loader/shards/sample_facts.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

int32_t LastLabel(const OpenShard& shard) {
  int32_t last = -1;
  for (const ShardRow& row : shard.rows) last = std::max(last, row.label);
  return last;
}

// The name of a label in its shard; empty: it is a number only.
const std::string& NameIn(const OpenShard& shard, int32_t label) {
  static const std::string kNone;
  const auto place = static_cast<size_t>(label);
  return label >= 0 && place < shard.header.classes.size() ? shard.header.classes[place] : kNone;
}

// Puts new labels for old; rows with a new label below 0 that had one before are left out.
void Relabel(std::span<const int32_t> label_of, OpenShard* shard) {
  for (ShardRow& row : shard->rows) {
    if (row.label >= 0) row.label = label_of[static_cast<size_t>(row.label)];
  }
}

// "class 3 is cat in a.tar and dog in b.tar", of the first number to which `shard` gives another
// name than those before it, which have come to `classes`.
std::string ClashText(std::span<const OpenShard> before, const OpenShard& shard,
                      const std::vector<std::string>& classes) {
  for (size_t i = 0; i < shard.header.classes.size(); ++i) {
    const auto number = static_cast<int32_t>(i);
    const std::string& name = NameIn(shard, number);
    std::vector<std::string> known = {classes[i]};
    if (MergeByNumber({name}, &known)) continue;
    std::string text = "class " + std::to_string(i) + " is " + ShownName(classes[i]) + " in ";
    const auto first = std::ranges::find_if(
        before, [number](const OpenShard& other) { return !NameIn(other, number).empty(); });
    text += first != before.end() ? ShownName(first->path) : "others";
    return text + " and " + ShownName(name) + " in " + ShownName(shard.path);
  }
  return "classes have two names";
}

// False: shards disagree, which *clash says. Incomplete where nobody waits any more.
bool ClassesByNumber(std::span<const OpenShard> shards, std::vector<std::string>* classes,
                     std::string* clash) {
  for (size_t i = 0; i < shards.size(); ++i) {
    const OpenShard& shard = shards[i];
    if (!OpeningGoesOn()) return true;
    const size_t count =
        std::max(shard.header.classes.size(), static_cast<size_t>(LastLabel(shard) + 1));
    if (count > classes->size()) classes->resize(count);
    if (MergeByNumber(shard.header.classes, classes)) continue;
    *clash = ClashText(shards.first(i), shard, *classes);
    return false;
  }
  return true;
}

// Whether two classes of a pack's shard have one name, as two that are no UTF-8 may in its texts.
bool HasTwins(const OpenShard& shard, std::string* twin) {
  std::set<std::string> names;
  for (const std::string& name : shard.header.classes) {
    if (name.empty() || names.insert(name).second) continue;
    *twin = name;
    return true;
  }
  return false;
}

bool ClassesByName(std::span<OpenShard> shards, std::vector<std::string>* classes,
                   ConfigError* error) {
  std::set<std::string> names;
  const OpenShard* named = nullptr;
  for (const OpenShard& shard : shards) {
    if (shard.header.own_classes) named = &shard;
    if (std::string twin; shard.header.is_pack() && HasTwins(shard, &twin)) {
      return Fail(error, Code::kConfigValue,
                  "[dataset] path: " + ShownName(shard.path) + " has two classes that its texts " +
                      "call " + ShownName(twin) +
                      ", which other shards tell apart by name; bring the pack's index back, or "
                      "read it as a data set of its own");
    }
    for (const std::string& name : shard.header.classes) {
      if (!name.empty()) names.insert(name);
    }
  }
  classes->assign(names.begin(), names.end());
  std::map<std::string, int32_t> place_of;
  for (size_t i = 0; i < classes->size(); ++i) place_of[(*classes)[i]] = static_cast<int32_t>(i);
  for (OpenShard& shard : shards) {
    if (!OpeningGoesOn(error)) return false;
    std::vector<int32_t> label_of(static_cast<size_t>(LastLabel(shard) + 1), -1);
    for (const ShardRow& row : shard.rows) {
      if (row.label < 0) continue;
      const std::string& name = NameIn(shard, row.label);
      if (name.empty()) {
        return Fail(error, Code::kConfigValue,
                    "[dataset] path: labels of " + ShownName(shard.path) +
                        " are numbers without names, those of " +
                        (named != nullptr ? ShownName(named->path) : "other shards") +
                        " have other names for them; read them as two data sets");
      }
      label_of[static_cast<size_t>(row.label)] = place_of[name];
    }
    Relabel(label_of, &shard);
  }
  return true;
}

// A class that is just a number may have no sample.
bool AddNumber(const std::string& name, std::vector<std::string>* classes) {
  size_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() ||
      number >= static_cast<size_t>(kLabelsMax) || name != std::to_string(number)) {
    return false;
  }
  for (size_t i = classes->size(); i <= number; ++i) classes->push_back(std::to_string(i));
  return true;
}

bool Choose(std::span<const std::string> wanted, bool numbers, std::span<OpenShard> shards,
            std::vector<std::string>* classes, ConfigError* error) {
  std::map<std::string, int32_t> place_of;
  for (size_t i = 0; i < wanted.size(); ++i) place_of[wanted[i]] = static_cast<int32_t>(i);
  for (const std::string& name : wanted) {
    if (std::ranges::find(*classes, name) != classes->end()) continue;
    if (numbers && AddNumber(name, classes)) continue;
    std::string known;
    for (size_t i = 0; i < classes->size() && i < 8; ++i) {
      known += (i > 0 ? ", " : "") + ShownName((*classes)[i]);
    }
    return Fail(error, Code::kConfigValue,
                "[dataset] classes: \"" + name + "\" is no class of these shards; there are " +
                    std::to_string(classes->size()) + ": " + known +
                    (classes->size() > 8 ? ", ..." : ""));
  }
  std::vector<int32_t> label_of(classes->size(), -1);
  for (size_t i = 0; i < classes->size(); ++i) {
    if (const auto found = place_of.find((*classes)[i]); found != place_of.end()) {
      label_of[i] = found->second;
    }
  }
  for (OpenShard& shard : shards) {
    if (!OpeningGoesOn(error)) return false;
    Relabel(label_of, &shard);
    std::erase_if(shard.rows, [](const ShardRow& row) { return row.label < 0; });
  }
  classes->assign(wanted.begin(), wanted.end());
  return true;
}

}  // namespace

bool MergeByNumber(const std::vector<std::string>& more, std::vector<std::string>* classes) {
  if (more.size() > classes->size()) classes->resize(more.size());
  bool agree = true;
  for (size_t i = 0; i < more.size(); ++i) {
    std::string& known = (*classes)[i];
    if (more[i].empty() || more[i] == known) continue;
    if (known.empty() || Utf8Name(more[i]) == known) {
      known = more[i];
    } else if (Utf8Name(known) != more[i]) {
      agree = false;
    }
  }
  return agree;
}

bool JoinClasses(std::span<const std::string> wanted, std::span<OpenShard> shards,
                 const LogSink& log, std::vector<std::string>* classes, ConfigError* error) {
  bool by_name =
      std::ranges::any_of(shards, [](const OpenShard& shard) { return shard.header.own_classes; });
  std::string clash;
  if (!by_name && !ClassesByNumber(shards, classes, &clash)) {
    by_name = true;
    classes->clear();
  }
  if (!OpeningGoesOn(error)) return false;
  if (by_name && !ClassesByName(shards, classes, error)) return false;
  if (!clash.empty()) {
    log.Write(LogLevel::kWarning, ("[dataset] path: " + clash +
                                   ": classes are told apart by their names, and numbered anew in "
                                   "their byte order")
                                      .c_str());
  }
  const bool numbers = !by_name && std::ranges::all_of(*classes, &std::string::empty);
  for (size_t i = 0; i < classes->size(); ++i) {
    if ((*classes)[i].empty()) (*classes)[i] = std::to_string(i);
  }
  return wanted.empty() || Choose(wanted, numbers, shards, classes, error);
}

}  // namespace headrace::loader
