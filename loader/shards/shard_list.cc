#include "loader/shards/shard_list.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "loader/file_times.h"
#include "loader/open_watch.h"
#include "loader/shown_name.h"
#include "loader/watched_sort.h"

namespace headrace::loader {
namespace {

constexpr size_t kShardsMax = 1'000'000;
constexpr size_t kDigitsMax = 18;

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "000000..000099": zeros in front keep the width.
bool ExpandRange(std::string_view inside, std::vector<std::string>* parts, bool* too_many) {
  const size_t dots = inside.find("..");
  if (dots == std::string_view::npos) return false;
  const std::string first(inside.substr(0, dots));
  const std::string last(inside.substr(dots + 2));
  if (!IsNumber(first) || !IsNumber(last)) return false;
  const long long from = std::atoll(first.c_str());
  const long long to = std::atoll(last.c_str());
  const bool padded = (first.size() > 1 && first[0] == '0') || (last.size() > 1 && last[0] == '0');
  const size_t width = padded ? std::max(first.size(), last.size()) : 0;
  if (static_cast<unsigned long long>(std::llabs(to - from)) >= kShardsMax) {
    *too_many = true;
    return true;
  }
  for (long long number = from;; number += from <= to ? 1 : -1) {
    std::string text = std::to_string(number);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    parts->push_back(std::move(text));
    if (number == to) return true;
  }
}

bool ExpandList(std::string_view inside, std::vector<std::string>* parts) {
  if (inside.find(',') == std::string_view::npos) return false;
  for (size_t begin = 0;;) {
    const size_t comma = inside.find(',', begin);
    parts->emplace_back(inside.substr(begin, comma - begin));
    if (comma == std::string_view::npos) return true;
    begin = comma + 1;
  }
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
struct FreeGlob {
  glob_t found{};
  ~FreeGlob() { globfree(&found); }
};

bool FailOn(const std::string& path, int number, const std::string& what, ConfigError* error) {
  return Fail(error, CodeOfErrno(number),
              "[dataset] path: " + ShownName(path) + ": " + strerror(number) + what, number);
}

bool ListFolder(const std::string& folder, std::vector<std::string>* paths, ConfigError* error) {
  const std::unique_ptr<DIR, CloseDir> dir(opendir(folder.c_str()));
  if (!dir) return FailOn(folder, errno, "", error);
  const size_t before = paths->size();
  errno = 0;
  while (const dirent* entry = readdir(dir.get())) {
    if (!OpeningGoesOn(error)) return false;
    const std::string_view name = entry->d_name;
    if (name.ends_with(".tar") && name[0] != '.') {
      paths->push_back(folder + (folder.ends_with('/') ? "" : "/") + std::string(name));
    }
    errno = 0;
  }
  if (errno != 0) return FailOn(folder, errno, "", error);
  if (paths->size() > before) return true;
  return Fail(error, Code::kEmptyDataset,
              "[dataset] path: " + ShownName(folder) + ": no *.tar in this folder");
}

// The files that one name stands for.
bool FindOne(const std::string& name, std::vector<std::string>* paths, ConfigError* error) {
  struct stat about {};
  if (stat(name.c_str(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) return ListFolder(name, paths, error);
    paths->push_back(name);
    return true;
  }
  std::vector<std::string> patterns;
  if (!ExpandBraces(name, &patterns)) {
    return Fail(error, Code::kConfigValue,
                "[dataset] path: " + ShownName(name) + ": more than a million shards");
  }
  for (const std::string& pattern : patterns) {
    if (!OpeningGoesOn(error)) return false;
    if (pattern.find_first_of("*?[") == std::string::npos || access(pattern.c_str(), F_OK) == 0) {
      paths->push_back(pattern);  // whether it is there is told later, with its name
      continue;
    }
    FreeGlob files;
    const int result = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &files.found);
    if (result == GLOB_NOSPACE) return Fail(error, Code::kOutOfMemory, "out of memory");
    if (result != 0 && result != GLOB_NOMATCH) return FailOn(pattern, EIO, "", error);
    if (result == GLOB_NOMATCH) {
      return Fail(error, Code::kNotFound,
                  "[dataset] path: " + ShownName(pattern) + ": no file matches this pattern");
    }
    for (size_t i = 0; i < files.found.gl_pathc; ++i) paths->emplace_back(files.found.gl_pathv[i]);
  }
  return true;
}

}  // namespace

bool ExpandBraces(const std::string& pattern, std::vector<std::string>* names) {
  // From the left: the first pair of braces that is a range or a list; what it gives is expanded
  // again from behind it.
  std::vector<std::pair<std::string, std::string>> open = {{"", pattern}};  // done, to do
  while (!open.empty()) {
    auto [done, rest] = std::move(open.back());
    open.pop_back();
    const size_t left = rest.find('{');
    const size_t right = left == std::string::npos ? left : rest.find('}', left);
    if (right == std::string::npos) {
      names->push_back(done + rest);
      if (names->size() > kShardsMax) return false;
      continue;
    }
    const std::string_view inside = std::string_view(rest).substr(left + 1, right - left - 1);
    std::vector<std::string> parts;
    bool too_many = false;
    if (!ExpandRange(inside, &parts, &too_many) && !ExpandList(inside, &parts)) {
      parts = {rest.substr(left, right - left + 1)};
    }
    if (too_many || open.size() + parts.size() > kShardsMax) return false;
    for (size_t i = parts.size(); i-- > 0;) {
      open.emplace_back(done + rest.substr(0, left) + parts[i], rest.substr(right + 1));
    }
  }
  return true;
}

bool FindShards(std::span<const std::string> names, std::vector<ShardPlace>* shards,
                ConfigError* error) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    if (!FindOne(name, &paths, error)) return false;
  }
  if (paths.empty()) return Fail(error, Code::kConfigValue, "[dataset] path: an empty list");
  // std::string compares as unsigned bytes.
  if (!WatchedSort(&paths, std::less<>())) return OpeningGoesOn(error);
  std::map<std::pair<dev_t, ino_t>, std::string> seen;
  for (std::string& path : paths) {
    if (!OpeningGoesOn(error)) return false;
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
      return FailOn(path, errno, "; name shards that exist", error);
    }
    if (!S_ISREG(about.st_mode)) {
      return Fail(error, Code::kNotRegularFile,
                  "[dataset] path: " + ShownName(path) +
                      " is not a file; source = \"tar\" takes "
                      "tar files, patterns, or a folder of them");
    }
    const auto [place, is_new] = seen.try_emplace({about.st_dev, about.st_ino}, path);
    if (!is_new) {
      return Fail(error, Code::kConfigValue,
                  "[dataset] path: " + ShownName(path) + " is named twice" +
                      (place->second == path ? "" : ", also as " + ShownName(place->second)) +
                      "; each shard is read once");
    }
    ShardPlace shard;
    char real[PATH_MAX];
    if (realpath(path.c_str(), real) == nullptr) return FailOn(path, errno, "", error);
    shard.real_path = real;
    shard.path = std::move(path);
    shard.bytes = static_cast<uint64_t>(about.st_size);
    shard.mtime_ns = NanosecondsOf(about.st_mtim);
    shards->push_back(std::move(shard));
  }
  return true;
}

std::string CommonFolder(std::span<const ShardPlace> shards) {
  std::string folder;
  for (const ShardPlace& shard : shards) {
    std::string own = shard.real_path.substr(0, shard.real_path.rfind('/') + 1);
    if (&shard == shards.data()) folder = own;
    while (!own.starts_with(folder)) folder.resize(folder.rfind('/', folder.size() - 2) + 1);
  }
  if (folder.size() > 1) folder.pop_back();
  return folder;
}

}  // namespace headrace::loader
