// instaboost on photographs with annotations, one thread: the whole op, and what its parts take.
// Microseconds of CPU a picture, the median over pictures of each picture's median.
//
// usage: bench_instaboost [FOLDER] [--rounds N] [--json FILE|-]
//   FOLDER    a data set in COCO's form; ../shared/data/coco-mini/coco without
//   --rounds  turns a picture and part (15), each with draws of its own
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "loader/augment/op.h"
#include "loader/coco_dataset.h"
#include "loader/config_toml.h"
#include "loader/host_memory.h"
#include "loader/objects/heat_map.h"
#include "loader/objects/object_groups.h"
#include "loader/transform.h"

namespace {

using namespace headrace;          // NOLINT: a program, not a library
using namespace headrace::bench;   // NOLINT
using namespace headrace::loader;  // NOLINT

struct Photo {
  SizePx size;
  std::vector<uint8_t> bytes;
  ObjectList objects;
  ConstImageView view() const {
    return {bytes.data(), size.width, size.height, 3, size_t{size.width} * 3};
  }
};

std::vector<Photo> PhotosIn(const std::string& folder) {
  DatasetConfig config;
  config.source = Source::kCoco;
  config.path = {folder};
  std::unique_ptr<Dataset> dataset;
  std::unique_ptr<Transform> transform;
  ConfigError error;
  if (!CocoDataset::Open(config, {}, {}, &dataset, &error)) Fail(error.text);
  if (!Transform::Make({}, &transform, &error)) Fail(error.text);
  std::vector<Photo> photos;
  for (uint64_t id = 0; id < dataset->size(); ++id) {
    const std::string path = dataset->root() + "/" + dataset->Locate(id).path;
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> file((std::istreambuf_iterator<char>(in)), {});
    ConstImageView picture;
    Photo photo;
    Status status = transform->Apply(std::as_bytes(std::span(file)), {}, &picture);
    if (status.ok()) status = dataset->Objects(id, &photo.objects);
    if (!status.ok()) Fail(path + ": " + status.text());
    photo.size = picture.size();
    photo.bytes.resize(picture.row_bytes() * picture.height);
    CopyPixels(picture,
               {photo.bytes.data(), picture.width, picture.height, 3, picture.row_bytes()});
    photos.push_back(std::move(photo));
  }
  return photos;
}

std::unique_ptr<Op> OpOf(const std::string& body) {
  Config config;
  ConfigError error;
  const std::string text =
      "[dataset]\npath = \"x\"\n[[augment]]\nop = \"instaboost\"\n" + body + "\n";
  if (!ParseConfig({.text = text}, &config, &error)) Fail(error.text);
  std::unique_ptr<Op> op = MakeOp(config.augment[0], &error);
  if (op == nullptr) Fail(error.text);
  return op;
}

HostMemory Memory(uint64_t bytes) {
  auto memory = HostMemory::Map(std::max<uint64_t>(bytes, 1), HostMemory::Pages::kHuge);
  if (!memory.ok()) Fail(memory.status().text());
  return std::move(*memory);
}

// One part: microseconds of a turn.
using Part = std::function<double(const Photo&, uint64_t round)>;

double MicrosecondsOf(const std::function<void()>& work) {
  const int64_t begin = ThreadCpuNs();
  work();
  return static_cast<double>(ThreadCpuNs() - begin) / 1000;
}

Part WholeOp(const std::string& body) {
  return [op = std::shared_ptr<Op>(OpOf(body)), output = std::make_shared<HostMemory>(),
          scratch = std::make_shared<HostMemory>()](const Photo& photo, uint64_t round) {
    OpDraw draw{.op = op.get(), .in = photo.size, .out = photo.size};
    RandomStream stream({.seed = 1, .unit = round, .name = "instaboost"});
    if (!op->Draw(&stream, &draw).ok()) Fail("no draw");
    if (op->OutputBytes(draw) > output->bytes()) *output = Memory(op->OutputBytes(draw));
    if (op->ScratchBytes(draw) > scratch->bytes()) *scratch = Memory(op->ScratchBytes(draw));
    ObjectList objects = photo.objects;
    Picture picture{.pixels = photo.view()};
    Status status;
    const double took = MicrosecondsOf([&] {
      status =
          op->Run(draw, {.output = output->span(), .scratch = scratch->span(), .objects = &objects},
                  &picture);
    });
    if (!status.ok()) Fail(status.text());
    return took;
  };
}

double FindObjects(const Photo& photo, uint64_t) {
  std::vector<uint8_t> mask(size_t{photo.size.width} * photo.size.height);
  std::vector<MovableObject> room(100);
  return MicrosecondsOf([&] { FindMovable(photo.objects, CrowdMoves::kNo, mask, room); });
}

// The map of the largest object: preparing the picture's cells, then one map.
double MakeHeatMap(const Photo& photo, uint64_t) {
  std::vector<uint8_t> mask(size_t{photo.size.width} * photo.size.height);
  std::vector<MovableObject> largest(1);
  if (FindMovable(photo.objects, CrowdMoves::kNo, mask, largest) == 0) return 0;
  ScratchCursor measured;
  HeatMap unused(photo.size, &measured);
  const HostMemory memory = Memory(measured.bytes());
  ScratchCursor scratch(memory.span());
  HeatMap heat(photo.size, &scratch);
  heat.Prepare(photo.view(), photo.objects);
  return MicrosecondsOf([&] {
    heat.Prepare(photo.view(), photo.objects);
    heat.MapOf(photo.objects, largest, largest[0].box, HeatNorm::kRenorm);
  });
}

int Run(const Arguments& arguments) {
  const std::string folder =
      arguments.words().empty() ? "../shared/data/coco-mini/coco" : arguments.words()[0];
  const uint32_t rounds = arguments.Count("rounds", 15);
  const std::vector<Photo> photos = PhotosIn(folder);
  const std::pair<const char*, Part> parts[] = {
      {"jitter", WholeOp("")},
      {"jitter_without_fill", WholeOp("fill = \"none\"")},
      {"jitter_without_occlusion", WholeOp("occlusion = \"none\"")},
      {"jitter_hard_edges", WholeOp("feather = 0\ndilate = 0")},
      {"heatmap", WholeOp("heatmap = true")},
      {"part_find_objects", FindObjects},
      {"part_one_heat_map", MakeHeatMap},
  };
  JsonReport report;
  std::printf("%-26s microseconds a picture (%zu pictures)\n", "", photos.size());
  for (const auto& [name, part] : parts) {
    std::vector<double> medians;
    for (const Photo& photo : photos) {
      std::vector<double> turns;
      for (uint32_t round = 0; round < rounds; ++round) turns.push_back(part(photo, round));
      medians.push_back(SpreadOf(std::move(turns)).median);
    }
    const Spread spread = SpreadOf(std::move(medians));
    std::printf("%-26s %s\n", name, SpreadText(spread).c_str());
    report.Values(std::string(name) + "_us", spread);
  }
  report.Write(arguments.Text("json"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(Arguments(argc, argv, {"rounds", "json"}));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_instaboost: %s\n", failure.what());
    return 2;
  }
}
