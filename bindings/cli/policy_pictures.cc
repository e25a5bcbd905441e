#include "bindings/cli/policy_pictures.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <system_error>

#include "bindings/cli/open_progress.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/source_picture.h"
#include "bindings/cli/temporary_folder.h"

namespace headrace::cli {
namespace {

constexpr uint64_t kSamples = 6;
constexpr uint32_t kSideMax = 128;  // of a picture in the page

// A folder for files that only this process needs; gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string ignored;
    path_ = MakeTemporaryFolder("report", &ignored);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }  // empty: it could not be made

 private:
  std::string path_;
};

std::string TomlQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Base64(std::span<const std::byte> bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    const size_t have = std::min<size_t>(bytes.size() - i, 3);
    for (size_t k = 0; k < 3; ++k) {
      three = three << 8 | (k < have ? std::to_integer<uint32_t>(bytes[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= have ? kLetters[three >> (18 - 6 * k) & 63u] : '=';
    }
  }
  return text;
}

// What: draws single pictures. Owner, thread: DrawPolicies. Cost: a decode a picture.
class PictureMaker {
 public:
  explicit PictureMaker(const TemporaryFolder& folder) : png_(folder.path() + "/picture.png") {}

  // The size of a picture, upright; false when it cannot be decoded.
  bool Measure(std::span<const std::byte> bytes, uint32_t* short_side) const {
    HR_INIT(hr_image, image);
    TransformHandle transform;
    if (!Apply({}, bytes, 0, &transform, &image)) return false;
    *short_side = std::min(image.width, image.height);
    return true;
  }

  // The data URI of the picture after the ops; empty when that fails.
  std::string Make(const std::vector<std::string>& ops, std::span<const std::byte> bytes,
                   uint64_t sample) const {
    HR_INIT(hr_image, image);
    TransformHandle transform;  // has the pixels
    std::vector<std::byte> encoded;
    std::string error;
    if (!Apply(ops, bytes, sample, &transform, &image) ||
        hr_image_write(png_.c_str(), &image, 0, nullptr) != HR_OK ||
        !ReadWholeFile(png_, &encoded, &error)) {
      return "";
    }
    return "data:image/png;base64," + Base64(encoded);
  }

 private:
  static bool Apply(const std::vector<std::string>& ops, std::span<const std::byte> bytes,
                    uint64_t sample, TransformHandle* transform, hr_image* image) {
    std::vector<const char*> pointers;
    for (const std::string& op : ops) pointers.push_back(op.c_str());
    hr_transform* opened = nullptr;
    if (hr_transform_open(pointers.data(), pointers.size(), nullptr, &opened, nullptr) != HR_OK) {
      return false;
    }
    transform->reset(opened);
    HR_INIT(hr_draw, draw);
    draw.sample_id = sample;
    draw.label = -1;
    return hr_transform_apply(opened, bytes.data(), bytes.size(), &draw, image, nullptr) == HR_OK;
  }

  const std::string png_;
};

bool ReadSample(const hr_loader* loader, int64_t id, std::vector<std::byte>* bytes) {
  size_t needed = 0;
  (void)hr_loader_sample_read(loader, id, nullptr, 0, &needed, nullptr);
  bytes->resize(needed);
  return needed > 0 &&
         hr_loader_sample_read(loader, id, bytes->data(), bytes->size(), &needed, nullptr) == HR_OK;
}

// A loader of which only the list of samples is wanted: no ops that need files of their own, no mix
// that needs a model, little memory.
hr_status OpenSmall(const std::string& config, Overrides* overrides, Console* console,
                    LoaderHandle* loader, hr_error* error) {
  for (const char* text :
       {"augment=[{op=\"resize\",size=[8,8]}]", "mix=[]", "output.labels=\"index\"",
        "output.pin=\"none\"", "loader.batch_size=1", "loader.workers=1",
        "loader.prefetch_batches=1", "decode.checkpoints=\"off\"", "loader.tail=\"exact\""}) {
    overrides->Add(text);
  }
  hr_options options = overrides->ToOptions(*console);
  options.log = nullptr;
  options.world_size = 1;
  OpenProgress progress(*console, &options);
  hr_loader* opened = nullptr;
  const hr_status status = hr_loader_open_file(config.c_str(), &options, &opened, error);
  loader->reset(opened);
  return status;
}

// Square, and no larger than is shown.
std::vector<std::string> OpsBefore(uint32_t short_side) {
  if (short_side <= kSideMax) {
    return {"op = \"center_crop\", size = " + std::to_string(short_side)};
  }
  const std::string side = std::to_string(kSideMax);
  return {"op = \"resize\", size = " + side, "op = \"center_crop\", size = " + side};
}

}  // namespace

PolicyPictures DrawPolicies(const std::string& config, Overrides overrides,
                            const std::vector<std::string>& policies, Console* console) {
  PolicyPictures pictures;
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  const hr_status status = OpenSmall(config, &overrides, console, &loader, &error);
  if (status != HR_OK) {
    pictures.note = std::string("no pictures: the data set cannot be opened: ") + error.text;
    return pictures;
  }
  const TemporaryFolder folder;
  std::vector<std::string> files;
  for (const std::string& policy : policies) {
    files.push_back(folder.path() + "/" + std::to_string(files.size()) + ".toml");
    std::string text;
    if (folder.path().empty() || !WriteWholeFile(files.back(), policy, &text)) {
      pictures.note = "no pictures: no file can be made for them in TMPDIR or /tmp";
      return pictures;
    }
  }
  const PictureMaker maker(folder);
  const uint64_t samples = LengthOf(loader.get()).samples;
  const uint64_t shown = std::min(samples, kSamples);
  pictures.rows.resize(policies.size() + 1);
  std::vector<std::byte> bytes;
  for (uint64_t i = 0; i < shown; ++i) {
    // Spread over the set, and so over its classes.
    const uint64_t id = samples / shown * i;
    uint32_t side = 0;
    const bool good =
        ReadSample(loader.get(), static_cast<int64_t>(id), &bytes) && maker.Measure(bytes, &side);
    for (size_t row = 0; row <= policies.size(); ++row) {
      std::vector<std::string> ops = OpsBefore(side);
      if (row > 0) ops.push_back("op = \"auto_augment\", policy = " + TomlQuoted(files[row - 1]));
      pictures.rows[row].push_back(good ? maker.Make(ops, bytes, id) : "");
    }
  }
  return pictures;
}

}  // namespace headrace::cli
