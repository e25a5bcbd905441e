// headrace synth: the built-in demo set.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/synth_dataset.h"
#include "bindings/cli/synth_objects.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"images", 0, "N", "Pictures to make, 1 to 1000000; 256 by default."},
    {"classes", 0, "N", "Classes of things, 2 to 10; 10 by default."},
    {"size", 0, "WxH", "About this large; each differs by up to a quarter. 500x375 by default."},
    {"seed", 0, "N", "Another seed, another set; 0 by default."},
    kJsonOption,
};

bool ReadSize(const ParsedArgs& args, DemoSet* set, std::string* error) {
  if (!args.Has("size")) return true;
  const std::string_view text = args.Value("size");
  const char* const end = text.data() + text.size();
  uint32_t width = 0;
  uint32_t height = 0;
  const auto first = std::from_chars(text.data(), end, width);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == 'x';
  if (good) {
    const auto second = std::from_chars(first.ptr + 1, end, height);
    good = second.ec == std::errc() && second.ptr == end;
  }
  constexpr uint32_t kSideMin = 64;
  constexpr uint32_t kSideMax = 4096;
  good = good && std::min(width, height) >= kSideMin && std::max(width, height) <= kSideMax;
  if (!good) {
    *error = "--size: found \"" + std::string(text) +
             "\", expected WIDTHxHEIGHT, sides from 64 to 4096, such as 500x375";
    return false;
  }
  set->width = width;
  set->height = height;
  return true;
}

bool ReadSet(const ParsedArgs& args, DemoSet* set, std::string* error) {
  set->folder = args.operands()[0];
  uint64_t classes = set->classes;
  const bool good = ReadUnsigned(args, "images", 1, 1'000'000, &set->images, error) &&
                    ReadUnsigned(args, "classes", 2, ObjectClasses().size(), &classes, error) &&
                    ReadUnsigned(args, "seed", 0, UINT64_MAX, &set->seed, error) &&
                    ReadSize(args, set, error);
  set->classes = static_cast<size_t>(classes);
  return good;
}

// Paths, relative to the folder, that belong to the set.
std::set<std::string> FilesOf(const DemoSet& set) {
  std::set<std::string> files;
  for (uint64_t number = 0; number < set.images; ++number) {
    const std::string stem = StemOf(set, number);
    files.insert("images/" + stem + ".jpg");
    files.insert("masks/" + stem + ".png");
  }
  return files;
}

// Whether a relative path is of the form that this command writes: images/<class>/<digits>.jpg.
bool IsOurName(const std::filesystem::path& path) {
  std::vector<std::string> parts;
  for (const auto& part : path) parts.push_back(part.string());
  if (parts.size() != 3) return false;
  const auto is_class = [&](const ObjectClass& kind) { return kind.name == parts[1]; };
  const auto classes = ObjectClasses();
  if (std::none_of(classes.begin(), classes.end(), is_class)) return false;
  const std::string extension = parts[0] == "images" ? ".jpg" : ".png";
  const std::string stem = std::filesystem::path(parts[2]).stem().string();
  return parts[2] == stem + extension && !stem.empty() &&
         stem.find_first_not_of("0123456789") == std::string::npos;
}

// A set that was made here before gives way: what it had and the new one has not is removed, so
// that the folder holds exactly the new set. Anything else in images/ or masks/ is somebody's own,
// and the command refuses.
bool ClearOldSet(const DemoSet& set, std::string* error) {
  namespace fs = std::filesystem;
  const std::set<std::string> wanted = FilesOf(set);
  std::vector<fs::path> leftover;
  std::error_code code;
  for (const char* part : {"images", "masks"}) {
    const fs::path root = fs::path(set.folder) / part;
    if (!fs::exists(root, code)) continue;
    for (auto entry = fs::recursive_directory_iterator(root, code);
         !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
      if (entry->is_directory(code)) continue;
      const fs::path relative = entry->path().lexically_relative(set.folder);
      if (!IsOurName(relative)) {
        *error = entry->path().string() +
                 " was not made by synth; give an empty folder, or one that holds such a set";
        return false;
      }
      if (!wanted.contains(relative.string())) leftover.push_back(entry->path());
    }
  }
  for (const fs::path& path : leftover) {
    fs::remove(path, code);
    fs::remove(path.parent_path(), code);  // only when it is empty now
  }
  return true;
}

bool MakeSetFolders(const DemoSet& set, std::string* error) {
  if (!MakeFolders(set.folder, error)) return false;
  if (!ClearOldSet(set, error)) return false;
  const size_t used = static_cast<size_t>(std::min<uint64_t>(set.classes, set.images));
  for (size_t i = 0; i < used; ++i) {
    const std::string name(ObjectClasses()[i].name);
    if (!MakeFolders(set.folder + "/images/" + name, error)) return false;
    if (!MakeFolders(set.folder + "/masks/" + name, error)) return false;
  }
  return true;
}

unsigned CpuCount() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1u, static_cast<unsigned>(CPU_COUNT(&allowed)));
}

// Draws the whole set on all CPUs; pictures are handed out by number.
class Painters {
 public:
  Painters(const DemoSet& set, std::vector<PictureRecord>* records)
      : set_(set), records_(records), noise_(set.seed) {}

  // Exit status.
  int Run(Console& console) {
    const auto threads = static_cast<unsigned>(std::min<uint64_t>(CpuCount(), set_.images));
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
    Progress progress(console, "images");
    // The main thread only draws the bar: it looks in now and then and leaves the CPU to the rest.
    while (finished_workers_.load(std::memory_order_acquire) < threads) {
      const uint64_t done = done_.load(std::memory_order_relaxed);
      progress.Update(static_cast<double>(done) / static_cast<double>(set_.images), done);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    workers.clear();
    if (Interrupted()) {
      console.Error("interrupted");
      return kExitInterrupted;
    }
    return failed_.load() ? console.Fail(status_, error_) : kExitGood;
  }

 private:
  void Work() noexcept {
    while (!failed_.load(std::memory_order_relaxed) && !Interrupted()) {
      const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
      if (number >= set_.images) break;
      HR_INIT(hr_error, error);
      const hr_status status =
          WritePicture(set_, noise_, number, &(*records_)[static_cast<size_t>(number)], &error);
      if (status == HR_OK) {
        done_.fetch_add(1, std::memory_order_relaxed);
      } else if (!failed_.exchange(true)) {
        status_ = status;  // the first failure is the one told; read after the join
        error_ = error;
      }
    }
    finished_workers_.fetch_add(1, std::memory_order_release);
  }

  const DemoSet& set_;
  std::vector<PictureRecord>* records_;
  const ValueNoise noise_;
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> done_{0};
  std::atomic<unsigned> finished_workers_{0};
  std::atomic<bool> failed_{false};
  hr_status status_ = HR_OK;
  hr_error error_ = {};
};

bool WriteIndex(const DemoSet& set, const std::vector<PictureRecord>& records, std::string* error) {
  if (!WriteWholeFile(set.folder + "/instances.json", CocoJson(set, records), error)) return false;
  const std::string config = set.folder + "/train.toml";
  // The user may have changed it since.
  if (access(config.c_str(), F_OK) == 0) return true;
  return WriteWholeFile(config, StarterConfig(), error);
}

int Run(const ParsedArgs& args, Console& console) {
  DemoSet set;
  std::string error;
  if (!ReadSet(args, &set, &error)) return console.Usage(error);
  if (!MakeSetFolders(set, &error)) return console.Fail(error);
  std::vector<PictureRecord> records(static_cast<size_t>(set.images));
  const int painted = Painters(set, &records).Run(console);
  if (painted != kExitGood) return painted;
  if (!WriteIndex(set, records, &error)) return console.Fail(error);
  if (!args.Has("json")) return kExitGood;
  uint64_t instances = 0;
  for (const PictureRecord& record : records) instances += record.annotations.size();
  JsonWriter json;
  json.BeginObject();
  json.Field("output", set.folder);
  json.Field("images", set.images);
  json.Field("classes", uint64_t{set.classes});
  json.Field("instances", instances);
  json.Field("config", set.folder + "/train.toml");
  json.EndObject();
  return EmitJson(args, json.Take(), console);
}

}  // namespace

constinit const Command kSynthCommand = {
    {
        .name = "synth",
        .summary = "makes a demo set: labelled scenes with instance masks",
        .operands_text = "DIR",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "Writes DIR/images/<class>/NNNN.jpg (the class is the main thing in the picture),\n"
            "DIR/masks/<class>/NNNN.png (0 background, else mask_value of the annotation),\n"
            "DIR/instances.json (COCO's form, masks as uncompressed RLE) and DIR/train.toml,\n"
            "when there is none. An older set in DIR is replaced. The same options give the\n"
            "same set.\n",
        .example = "  headrace synth demo --images 256\n"
                   "  headrace bench demo/train.toml\n",
    },
    Run,
};

}  // namespace headrace::cli
