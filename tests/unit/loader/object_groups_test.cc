#include "loader/objects/object_groups.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rects.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

std::vector<MovableObject> Found(const ObjectList& list, size_t room = 100,
                                 CrowdMoves crowd = CrowdMoves::kNo) {
  std::vector<uint8_t> mask(size_t{list.size.width} * list.size.height);
  std::vector<MovableObject> objects(room);
  objects.resize(FindMovable(list, crowd, mask, objects));
  return objects;
}

std::vector<uint32_t> IndicesOf(const std::vector<MovableObject>& objects) {
  std::vector<uint32_t> indices;
  for (const MovableObject& object : objects) indices.push_back(object.object);
  return indices;
}

ObjectList ListOf(SizePx size, const std::vector<RectPx>& boxes) {
  ObjectList list;
  list.Clear(size);
  for (const RectPx& box : boxes) {
    AddOutline(&list, {BoxRing(box.x, box.y, box.width, box.height)});
  }
  return list;
}

TEST(ObjectGroupsTest, BoxesThatOverlapAlsoThroughOthersAreOneGroup) {
  const ObjectList list = ListOf({100, 100}, {{0, 0, 10, 10},     // 0 with 3 by 4
                                              {50, 50, 10, 10},   // 1
                                              {80, 0, 10, 10},    // 2
                                              {15, 15, 10, 10},   // 3
                                              {8, 8, 10, 10},     // 4
                                              {60, 50, 10, 10},   // 5 touches 1
                                              {89, 9, 10, 10}});  // 6 shares a pixel with 2
  const std::vector<MovableObject> objects = Found(list);
  EXPECT_EQ(IndicesOf(objects), (std::vector<uint32_t>{0, 3, 4, 1, 2, 6, 5}));
  std::vector<uint32_t> groups;
  for (const MovableObject& object : objects) groups.push_back(object.group);
  EXPECT_EQ(groups, (std::vector<uint32_t>{0, 0, 0, 1, 2, 2, 3}));
  EXPECT_EQ(objects[0].area_px, 100u);
  EXPECT_EQ(objects[1].box, (RectPx{15, 15, 10, 10}));
}

TEST(ObjectGroupsTest, CrowdsDroppedAndTinyObjectsStay) {
  ObjectList list =
      ListOf({60, 60}, {{0, 0, 4, 4}, {10, 0, 5, 3}, {20, 0, 8, 8}, {30, 0, 8, 8}, {40, 0, 8, 8}});
  list.objects[2].crowd = true;
  list.objects[3].flags = kObjectDropped;
  EXPECT_EQ(IndicesOf(Found(list)), (std::vector<uint32_t>{0, 4}));
  EXPECT_EQ(IndicesOf(Found(list, 100, CrowdMoves::kYes)), (std::vector<uint32_t>{0, 2, 4}));
}

TEST(ObjectGroupsTest, OfTooManyTheLargestMove) {
  const ObjectList list =
      ListOf({100, 20}, {{0, 0, 5, 5}, {10, 0, 8, 8}, {20, 0, 6, 6}, {30, 0, 8, 8}, {40, 0, 9, 9}});
  EXPECT_EQ(IndicesOf(Found(list, 3)), (std::vector<uint32_t>{1, 3, 4}));
  EXPECT_EQ(IndicesOf(Found(list, 2)), (std::vector<uint32_t>{1, 4}));  // of equals the first
  EXPECT_EQ(IndicesOf(Found(list, 1)), (std::vector<uint32_t>{4}));
}

// Against the definition, on random boxes.
TEST(ObjectGroupsTest, GroupsAreTheClosureOfOverlap) {
  for (uint64_t unit = 0; unit < 50; ++unit) {
    RandomStream stream({.seed = 3, .unit = unit, .name = "groups test"});
    std::vector<RectPx> boxes(1 + stream.NextBelow(40));
    for (RectPx& box : boxes) {
      box = {stream.NextBelow(180), stream.NextBelow(180), 4 + stream.NextBelow(16),
             4 + stream.NextBelow(16)};
    }
    const std::vector<MovableObject> objects = Found(ListOf({200, 200}, boxes));
    ASSERT_EQ(objects.size(), boxes.size());
    std::vector<uint32_t> colour(boxes.size());
    for (uint32_t i = 0; i < boxes.size(); ++i) colour[i] = i;
    for (size_t pass = 0; pass < boxes.size(); ++pass) {
      for (size_t i = 0; i < boxes.size(); ++i) {
        for (size_t k = 0; k < boxes.size(); ++k) {
          if (Overlap(boxes[i], boxes[k])) colour[i] = std::min(colour[i], colour[k]);
        }
      }
    }
    uint32_t last_first = 0;
    for (size_t i = 0; i < objects.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        ASSERT_EQ(objects[i].group == objects[k].group,
                  colour[objects[i].object] == colour[objects[k].object]);
      }
      // Numbers follow the first members.
      if (i == 0 || objects[i].group != objects[i - 1].group) {
        ASSERT_EQ(objects[i].group, i == 0 ? 0 : objects[i - 1].group + 1);
        ASSERT_TRUE(i == 0 || objects[i].object > last_first);
        last_first = objects[i].object;
      }
    }
  }
}

}  // namespace
}  // namespace headrace::loader
