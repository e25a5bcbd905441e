// Fuzzes what stands in annotation files. An input that begins with 'R' is a mask's text: two bytes
// of width, two of height, then run lengths, which either are refused or come back the same. Any
// other input is an annotation file: it gives one bounded line, or objects that can be moved and
// delivered.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "loader/augment/point_map.h"
#include "loader/objects/coco_json.h"
#include "loader/objects/coco_rle.h"
#include "loader/objects/object_mover.h"
#include "loader/objects/raster.h"
#include "loader/objects/sample_targets.h"

namespace {

using headrace::Code;
using headrace::SizePx;
using headrace::loader::CocoFault;
using headrace::loader::CocoFile;
using headrace::loader::ConfigError;
using headrace::loader::PointMap;

constexpr uint64_t kPixelsMax = 1 << 16;  // larger masks take time and find nothing more

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckMask(std::string_view input) {
  if (input.size() < 4) return;
  const auto number = [&](size_t i) {
    return uint32_t{static_cast<uint8_t>(input[i])} << 8 | static_cast<uint8_t>(input[i + 1]);
  };
  const SizePx size = {number(0), number(2)};
  std::vector<uint32_t> runs;
  if (!headrace::loader::DecodeRle(input.substr(4), size, &runs).ok()) {
    return Require(runs.empty());
  }
  Require(headrace::loader::CheckRuns(runs, size).ok());
  std::vector<char> text;
  headrace::loader::EncodeRle(runs, &text);
  std::vector<uint32_t> again;
  Require(headrace::loader::DecodeRle({text.data(), text.size()}, size, &again).ok());
  Require(again == runs);
}

void CheckTargets(const headrace::loader::ObjectList& list) {
  headrace::loader::SampleTargets targets;
  headrace::loader::TargetMaker().Make(list, &targets);
  for (const headrace::loader::Target& target : targets.targets) {
    std::vector<uint32_t> runs;
    Require(headrace::loader::DecodeRle(targets.TextOf(target), list.size, &runs).ok());
    const auto extent = headrace::loader::ExtentOfRuns(list.size, runs);
    Require(extent.area_px == target.area_px && extent.box == target.bounds);
    Require(target.area_px > 0);
    Require(target.box[0] >= 0 && target.box[2] <= static_cast<float>(list.size.width));
    Require(target.box[1] >= 0 && target.box[3] <= static_cast<float>(list.size.height));
  }
}

// Each annotation becomes the object of a picture of its own.
void CheckObjects(CocoFile* file) {
  std::vector<uint64_t> sample_of(file->objects.object_count());
  std::vector<SizePx> sizes(sample_of.size(), SizePx{61, 47});
  for (size_t i = 0; i < sample_of.size(); ++i) sample_of[i] = i;
  for (const CocoFile::Annotation& annotation : file->annotations) {
    const bool has_object = annotation.object != CocoFile::Annotation::kNoObject;
    Require(has_object == (annotation.fault == CocoFault::kNone ||
                           (annotation.fault == CocoFault::kNoCategory && has_object)));
    if (has_object && annotation.mask_size != SizePx{})
      sizes[annotation.object] = annotation.mask_size;
  }
  file->objects.Group(sample_of, sizes);
  const PointMap maps[] = {PointMap::ScaleShift(-0.5, 40, 2, -7),
                           PointMap::FromBack({1, 0.2, 3, -0.3, 1, 4, 0, 0, 1}),
                           PointMap::FromBack({1, 0, 0, 0, 1, 0, -0.02, 0.01, 1}),
                           PointMap::Lens({30, 20}, 25, 1.5), PointMap::FromBack({})};
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (uint64_t{sizes[i].width} * sizes[i].height > kPixelsMax) continue;
    headrace::loader::FollowedObjects objects;
    Require(file->objects.Fill(i, &objects.list).ok());
    Require(objects.list.objects.size() == 1);
    objects.mover.ClipToPicture(&objects.list);
    CheckTargets(objects.list);
    for (const PointMap& map : maps) {
      objects.mover.Move(map, {50, 60}, &objects.list);
      CheckTargets(objects.list);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.starts_with('R')) {
    CheckMask(input.substr(1));
    return 0;
  }
  CocoFile file;
  ConfigError error;
  const bool good = headrace::loader::ReadCocoText(input, "fuzz.json", &file, &error);
  Require(good == (error.code == Code::kOk));
  Require(good == error.text.empty());
  Require(error.code != Code::kInternal);
  Require(error.text.size() <= 200);
  for (const char c : error.text) Require(static_cast<unsigned char>(c) >= 32 && c != 127);
  if (good) CheckObjects(&file);
  return 0;
}
