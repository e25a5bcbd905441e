// instaboost on real photographs with real annotations (coco-mini).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/rects.h"
#include "loader/augment/op.h"
#include "loader/coco_dataset.h"
#include "loader/objects/group_draws.h"
#include "loader/objects/heat_map.h"
#include "loader/objects/instance_alpha.h"
#include "loader/objects/object_groups.h"
#include "loader/objects/raster.h"
#include "loader/objects/zoom_box.h"
#include "loader/saliency/saliency.h"
#include "loader/transform.h"
#include "tests/unit/loader/augment_replay.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

struct Photo {
  Bitmap pixels{SizePx{}};
  ObjectList objects;
};

std::vector<std::byte> FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::byte> out(bytes.size());
  std::ranges::transform(bytes, out.begin(), [](char c) { return static_cast<std::byte>(c); });
  return out;
}

// Empty when coco-mini is not there.
std::vector<Photo> Photos() {
  std::vector<Photo> photos;
  DatasetConfig config;
  config.source = Source::kCoco;
  config.path = {std::string(HEADRACE_DATA_DIR) + "/coco-mini/coco"};
  if (!std::filesystem::exists(config.path[0])) return photos;
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
  if (!CocoDataset::Open(config, {}, {}, &dataset, &error)) {
    ADD_FAILURE() << error.text;
    return photos;
  }
  std::unique_ptr<Transform> transform;
  Config plain;
  EXPECT_TRUE(Transform::Make(plain, &transform, &error)) << error.text;
  for (uint64_t id = 0; id < dataset->size(); ++id) {
    Photo photo;
    ConstImageView result;
    const std::string path = dataset->root() + "/" + dataset->Locate(id).path;
    const Status status = transform->Apply(FileBytes(path), {}, &result);
    EXPECT_TRUE(status.ok()) << path << ": " << status.text();
    photo.pixels = Copied(result, simd::FlipColumns::kNo);
    EXPECT_TRUE(dataset->Objects(id, &photo.objects).ok());
    EXPECT_EQ(photo.objects.size, photo.pixels.size) << path;
    photos.push_back(std::move(photo));
  }
  return photos;
}

double MedianOf(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

// How far, in sizes of the object, the heat map sends the largest group of a picture: the median.
double MedianMove(const Photo& photo, HeatNorm norm) {
  const SizePx size = photo.pixels.size;
  std::vector<uint8_t> mask(size_t{size.width} * size.height);
  std::vector<MovableObject> movable(100);
  movable.resize(FindMovable(photo.objects, CrowdMoves::kNo, mask, movable));
  uint32_t best = 0;
  uint64_t best_area = 0;
  for (const MovableObject& object : movable) {
    uint64_t area = 0;
    for (const MovableObject& other : movable) {
      area += other.group == object.group ? other.area_px : 0;
    }
    if (area > best_area) {
      best_area = area;
      best = object.group;
    }
  }
  std::vector<MovableObject> members;
  RectPx box;
  for (const MovableObject& object : movable) {
    if (object.group != best) continue;
    members.push_back(object);
    box = UnionOf(box, object.box);
  }
  ScratchCursor measured;
  HeatMap unused(size, &measured);
  GuardedScratch memory(measured.bytes());
  ScratchCursor scratch(memory.span());
  HeatMap heat(size, &scratch);
  heat.Prepare(photo.pixels.view(), photo.objects);
  heat.MapOf(photo.objects, members, box, norm);
  std::vector<double> moves;
  RandomStream stream({.seed = 1, .name = "median move"});
  for (int i = 0; i < 101; ++i) {
    const auto place = heat.Choose({stream.NextUnit(), stream.NextUnit(), 0.5, 0.5});
    if (!place.has_value()) continue;
    const double dx = place->x - (box.x + box.width / 2.0);
    const double dy = place->y - (box.y + box.height / 2.0);
    moves.push_back(std::sqrt(dx * dx + dy * dy) /
                    std::sqrt(static_cast<double>(box.width) * box.height));
  }
  return MedianOf(moves);
}

// The authors' normalisation leaves objects where they are; ours does not.
TEST(InstaboostCocoTest, TheHeatMapMovesObjects) {
  const std::vector<Photo> photos = Photos();
  if (photos.empty()) GTEST_SKIP() << "no coco-mini";
  std::vector<double> ours, reference;
  for (const Photo& photo : photos) {
    ours.push_back(MedianMove(photo, HeatNorm::kRenorm));
    reference.push_back(MedianMove(photo, HeatNorm::kReference));
  }
  EXPECT_GE(MedianOf(ours), 0.1);
  EXPECT_LT(MedianOf(reference), 0.1);
}

// Moved objects show in the picture what they showed: inside their new outlines is what the map
// fetches from the old picture.
TEST(InstaboostCocoTest, PicturesAndOutlinesMoveAlike) {
  const std::vector<Photo> photos = Photos();
  if (photos.empty()) GTEST_SKIP() << "no coco-mini";
  const auto ops = ParsedOp("op = \"instaboost\"\nrotate = 0\nscale = 1\ninteger = true\n");
  ConfigError error;
  const auto op = MakeOp(ops[0], &error);
  size_t compared = 0;
  size_t different = 0;
  for (size_t i = 0; i < photos.size(); ++i) {
    const Photo& photo = photos[i];
    const SizePx size = photo.pixels.size;
    OpDraw draw{.op = op.get(), .in = size, .out = size, .rect = WholeOf(size)};
    RandomStream stream({.seed = 1, .unit = i, .name = "instaboost"});
    ASSERT_TRUE(op->Draw(&stream, &draw).ok());
    GuardedScratch output(op->OutputBytes(draw)), scratch(op->ScratchBytes(draw));
    Picture result{.pixels = photo.pixels.view()};
    ObjectList objects = photo.objects;
    ASSERT_TRUE(op->Run(draw,
                        {.output = output.span(), .scratch = scratch.span(), .objects = &objects},
                        &result)
                    .ok());
    for (size_t k = 0; k < objects.objects.size(); ++k) {
      const Object& object = objects.objects[k];
      const Object& before = photo.objects.objects[k];
      EXPECT_EQ(object.id, before.id);
      // Whole ones that nothing lies over: their mask is the old one, shifted.
      if (object.flags != kObjectMoved || before.crowd) continue;
      const RectPx from = BoundsOf(photo.objects, before);
      const RectPx to = BoundsOf(objects, object);
      if (from.size() != to.size() || from.width < 20 || from.height < 20) continue;
      // Its core: what lies farther inside than the soft edge.
      std::vector<uint8_t> outside = RasterOf(objects, object, to), spare(outside.size());
      for (uint8_t& value : outside) value ^= 1;
      GrowMask(to.size(), 4, outside, spare);
      for (uint32_t y = 4; y + 4 < to.height; ++y) {
        for (uint32_t x = 4; x + 4 < to.width; ++x) {
          if (outside[size_t{y} * to.width + x] != 0) continue;
          const uint8_t* now = result.pixels.Row(to.y + y) + size_t{3} * (to.x + x);
          const uint8_t* was = photo.pixels.view().Row(from.y + y) + size_t{3} * (from.x + x);
          different += std::equal(now, now + 3, was) ? 0 : 1;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 100000u);
  // The soft edge of another object may lie over it.
  EXPECT_LE(different, compared / 500);
}

// The box of saliency is a hint: on these photographs it has most of the largest object.
TEST(ObjectZoomCocoTest, TheSaliencyBoxHasMostOfTheLargestObject) {
  const std::vector<Photo> photos = Photos();
  if (photos.empty()) GTEST_SKIP() << "no coco-mini";
  std::vector<double> held, areas;
  for (const Photo& photo : photos) {
    const SizePx size = photo.pixels.size;
    std::vector<float> map(kSaliencyCells);
    GuardedScratch scratch(SaliencyScratchBytes(size));
    EstimateSaliency(SaliencyEstimator::kSr, true, photo.pixels.view(), map, scratch.span());
    const auto box = BoxOfSaliency(map, size);
    if (!box.has_value()) continue;
    areas.push_back(box->width * box->height / (static_cast<double>(size.width) * size.height));
    std::vector<uint8_t> mask(size_t{size.width} * size.height);
    MovableObject largest;
    ASSERT_EQ(FindMovable(photo.objects, CrowdMoves::kNo, mask, {&largest, 1}), 1u);
    mask = RasterOf(photo.objects, photo.objects.objects[largest.object]);
    size_t inside = 0;
    for (uint32_t y = 0; y < size.height; ++y) {
      for (uint32_t x = 0; x < size.width; ++x) {
        const bool in_box =
            x >= box->x && x < box->x + box->width && y >= box->y && y < box->y + box->height;
        inside += in_box ? mask[size_t{y} * size.width + x] : 0;
      }
    }
    held.push_back(static_cast<double>(inside) / static_cast<double>(largest.area_px));
  }
  EXPECT_GE(held.size(), photos.size() * 3 / 4);
  EXPECT_NEAR(MedianOf(held), 0.74, 0.05);
  EXPECT_NEAR(MedianOf(areas), 0.28, 0.05);
}

}  // namespace
}  // namespace headrace::loader
