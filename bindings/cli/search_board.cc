#include "bindings/cli/search_board.h"

#include <dirent.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <random>

#include "bindings/cli/output_file.h"
#include "bindings/cli/source_picture.h"

namespace headrace::cli {
namespace {

constexpr std::string_view kPrefixes[] = {"helper-", "job-", "answer-", "end-", "master"};
// Before each of them in names of files that are being written.
constexpr std::string_view kHidden = ".";

struct DirectoryCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

std::string SearchBoard::PathOf(const std::string& name) const { return folder_ + "/" + name; }

bool SearchBoard::Make(std::string* error) const { return MakeFolders(folder_, error); }

std::vector<std::string> SearchBoard::List(std::string_view prefix) const {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirectoryCloser> directory(opendir(folder_.c_str()));
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = entry->d_name;
    if (name.starts_with(prefix)) names.emplace_back(name.substr(prefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool SearchBoard::Write(const std::string& name, std::string_view text, std::string* error) const {
  return WriteWholeFile(PathOf(name), text, error);
}

bool SearchBoard::Read(const std::string& name, std::string* text) const {
  std::vector<std::byte> bytes;
  std::string error;
  if (!ReadWholeFile(PathOf(name), &bytes, &error)) return false;
  text->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

void SearchBoard::Remove(const std::string& name) const { unlink(PathOf(name).c_str()); }

void SearchBoard::RemoveAll() const {
  for (const std::string_view prefix : kPrefixes) {
    for (const std::string& whole : {std::string(prefix), std::string(kHidden).append(prefix)}) {
      for (const std::string& rest : List(whole)) Remove(whole + rest);
    }
  }
  rmdir(folder_.c_str());
}

std::string SearchBoard::NewId() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    std::random_device device;  // a kernel without it
    number = uint64_t{device()} << 32 | device();
  }
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace headrace::cli
