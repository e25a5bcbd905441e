#include "loader/pipeline/page_cache.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/checked_math.h"
#include "loader/open_watch.h"
#include "loader/plan.h"

namespace headrace::loader {
namespace {

// The number in the file `path`, behind `key` if that is not empty; nothing if there is none, such
// as "max".
std::optional<uint64_t> NumberIn(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    if (!key.empty()) {
      if (word != key) continue;
      if (!(file >> word)) return std::nullopt;
    }
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

// What the files of one version of control groups are called.
struct GroupFiles {
  const char* file_system;
  const char* option;     // of the mount, which one controller has each; null: there is one mount
  const char* limits[2];  // in bytes
  const char* anonymous;  // in memory.stat: what cannot make room, with the groups below
};
constexpr GroupFiles kGroupFiles[] = {
    {"cgroup2", nullptr, {"memory.max", "memory.high"}, "anon"},
    {"cgroup", "memory", {"memory.limit_in_bytes", nullptr}, "total_rss"},
};

bool HasItem(std::string_view list, std::string_view item) {
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    if (list.substr(begin, end - begin) == item) return true;
    begin = end + 1;
  }
  return false;
}

// This process's group, "ID:CONTROLLERS:PATH" a line, ID 0 and no controllers in version 2.
std::optional<std::string> GroupPath(const std::string& root, const GroupFiles& files) {
  std::ifstream list(root + "/proc/self/cgroup");
  for (std::string line; std::getline(list, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool own =
        files.option == nullptr ? line.starts_with("0::") : HasItem(controllers, files.option);
    if (own) return line.substr(second + 1);
  }
  return std::nullopt;
}

struct Mount {
  std::string group;  // which group is to be seen at its top
  std::string point;
};

// "ID PARENT DEVICE ROOT POINT OPTIONS [TAG..] - TYPE SOURCE OPTIONS" a line.
std::vector<Mount> MountsOf(const std::string& root, const GroupFiles& files) {
  std::vector<Mount> mounts;
  std::ifstream list(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(list, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream head(line.substr(0, dash));
    std::istringstream tail(line.substr(dash + 3));
    Mount mount;
    std::string skipped, type, options;
    head >> skipped >> skipped >> skipped >> mount.group >> mount.point;
    tail >> type >> skipped >> options;
    if (type != files.file_system) continue;
    if (files.option != nullptr && !HasItem(options, files.option)) continue;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// Where the group lies below the mount's point: "", or a path that begins with a slash. A mount
// that shows another part of the tree is a container's, whose top is the group or one above it.
std::string PlaceBelow(const Mount& mount, const std::string& group) {
  std::string place = group;
  if (mount.group != "/") {
    if (!group.starts_with(mount.group)) return "";
    place.erase(0, mount.group.size());
  }
  return place.starts_with('/') ? place : "";
}

uint64_t RoomIn(const std::string& folder, const GroupFiles& files) {
  uint64_t limit = UINT64_MAX;
  for (const char* name : files.limits) {
    if (name == nullptr) continue;
    limit = std::min(limit, NumberIn(folder + "/" + name, "").value_or(UINT64_MAX));
  }
  if (limit == UINT64_MAX) return limit;
  return limit - std::min(limit, NumberIn(folder + "/memory.stat", files.anonymous).value_or(0));
}

}  // namespace

uint64_t PageCacheBytes(const std::string& root) {
  uint64_t bytes = MachineBytes() / 2;
  if (const auto kib = NumberIn(root + "/proc/meminfo", "MemAvailable:")) {
    bytes = SaturatingMul(*kib, 1024);
  }
  for (const GroupFiles& files : kGroupFiles) {
    const std::optional<std::string> group = GroupPath(root, files);
    if (!group) continue;
    for (const Mount& mount : MountsOf(root, files)) {
      // The limit may be that of any group above.
      for (std::string place = PlaceBelow(mount, *group);;) {
        bytes = std::min(bytes, RoomIn(root + mount.point + place, files));
        if (place.empty()) break;
        place.resize(place.rfind('/'));
      }
    }
  }
  return bytes;
}

uint64_t PagesOf(const Dataset& dataset, uint64_t page_bytes) {
  uint64_t pages = 0;
  for (uint64_t run = 0; run < dataset.RunCount(); ++run) {
    uint64_t counted = 0;  // pages from the shard's begin on: samples follow each other in it
    for (uint64_t id = dataset.RunBegin(run); id < dataset.RunBegin(run + 1); ++id) {
      if (!OpeningGoesOnAt(id)) return 0;
      const Extent extent = dataset.Locate(id);
      const uint64_t first = extent.offset / page_bytes;
      const uint64_t end =
          RoundUp(SaturatingAdd(extent.offset, extent.bytes), page_bytes) / page_bytes;
      pages += end - std::min(end, std::max(first, counted));
      counted = std::max(counted, end);
    }
  }
  return SaturatingMul(pages, page_bytes);
}

}  // namespace headrace::loader
