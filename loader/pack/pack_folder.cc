#include "loader/pack/pack_folder.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "io/atomic_file.h"

namespace headrace::loader {
namespace {

constexpr size_t kDigits = 6;

struct DirectoryCloser {
  void operator()(DIR* folder) const { closedir(folder); }
};

// The number that a name begins with; *rest is what follows it.
std::optional<uint64_t> NumberOf(std::string_view name, std::string_view* rest) {
  if (name.size() < kDigits) return std::nullopt;
  uint64_t number = 0;
  for (size_t i = 0; i < kDigits; ++i) {
    if (name[i] < '0' || name[i] > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(name[i] - '0');
  }
  *rest = name.substr(kDigits);
  return number;
}

// What AtomicFile adds to a name where a file cannot be made without one: ".tmp-PROCESS.NUMBER".
bool IsTemporaryEnd(std::string_view end) {
  constexpr std::string_view kMark = io::AtomicFile::kTemporaryMark;
  if (!end.starts_with(kMark)) return false;
  end.remove_prefix(kMark.size());
  const size_t dot = end.find('.');
  if (dot == 0 || dot == end.npos || dot + 1 == end.size()) return false;
  return end.find_first_not_of("0123456789.") == end.npos && end.find('.', dot + 1) == end.npos;
}

void Sort(std::string_view name, PackListing* listing) {
  std::string_view rest;
  const std::optional<uint64_t> number = NumberOf(name, &rest);
  const std::string_view end = rest.starts_with(".tar.hri") ? rest.substr(8)
                               : rest.starts_with(".tar")   ? rest.substr(4)
                                                            : std::string_view();
  if (number && IsTemporaryEnd(end)) {
    listing->temporaries.emplace_back(name);
    listing->temporary_of.push_back(*number);
  } else if (number && rest == ".tar") {
    listing->shards.push_back(*number);
  } else if (number && rest == ".tar.hri") {
    listing->indexes.push_back(*number);
  } else if (name.ends_with(".tar") && !name.starts_with('.')) {
    listing->other = name;
  }
}

}  // namespace

std::string ShardName(uint64_t shard) {
  char name[32];
  std::snprintf(name, sizeof name, "%06llu.tar", static_cast<unsigned long long>(shard));
  return name;
}

std::string ShardIndexName(uint64_t shard) { return ShardName(shard) + ".hri"; }

bool ListPack(const std::string& folder, PackListing* listing, JobError* error) {
  *listing = {};
  const std::unique_ptr<DIR, DirectoryCloser> open(opendir(folder.c_str()));
  if (open == nullptr) return FailOn(error, folder, errno);
  errno = 0;
  while (const dirent* entry = readdir(open.get())) {  // NOLINT(concurrency-mt-unsafe): our own DIR
    Sort(entry->d_name, listing);
    errno = 0;
  }
  if (errno != 0) return FailOn(error, folder, errno);
  std::sort(listing->shards.begin(), listing->shards.end());
  std::sort(listing->indexes.begin(), listing->indexes.end());
  return true;
}

bool MakeFolders(const std::string& folder, JobError* error) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (!code && !std::filesystem::is_directory(folder, code) && !code) {
    code = std::make_error_code(std::errc::not_a_directory);
  }
  return !code || FailOn(error, folder, code.value());
}

bool LiesIn(const std::string& path, const std::string& folder) {
  std::error_code code;
  const std::filesystem::path inner = std::filesystem::weakly_canonical(path, code);
  if (code) return false;
  const std::filesystem::path outer = std::filesystem::weakly_canonical(folder, code);
  if (code) return false;
  const auto [left, end] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return left == outer.end() || (left->empty() && std::next(left) == outer.end());
}

}  // namespace headrace::loader
