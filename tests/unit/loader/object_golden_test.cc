// Filled holes, soft edges and heat maps against numpy's, made from the text of the specification
// (tests/golden/make_object_golden.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loader/objects/heat_map.h"
#include "loader/objects/hole_fill.h"
#include "loader/objects/instance_alpha.h"
#include "tests/unit/loader/augment_pictures.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

// The rows of one kind, without it.
std::vector<std::vector<std::string>> RowsOf(const std::string& kind) {
  std::ifstream in(HEADRACE_SOURCE_DIR "/tests/golden/object_golden.tsv");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string field;
    std::getline(fields, field, '\t');
    if (field != kind) continue;
    rows.emplace_back();
    while (std::getline(fields, field, '\t')) rows.back().push_back(field);
  }
  return rows;
}

uint32_t NumberOf(const std::string& text) { return static_cast<uint32_t>(std::stoul(text)); }
SizePx SizeOf(const std::vector<std::string>& row) { return {NumberOf(row[0]), NumberOf(row[1])}; }

std::vector<RectPx> BoxesOf(const std::string& text) {
  std::vector<RectPx> boxes;
  std::istringstream in(text);
  char comma;
  RectPx box;
  while (in >> box.x >> comma >> box.y >> comma >> box.width >> comma >> box.height) {
    boxes.push_back(box);
    in >> comma;
  }
  return boxes;
}

std::vector<uint8_t> MaskOf(SizePx size, const std::vector<RectPx>& boxes) {
  std::vector<uint8_t> mask(size_t{size.width} * size.height);
  for (const RectPx& box : boxes) {
    for (uint32_t y = 0; y < box.height; ++y) {
      std::fill_n(mask.begin() + size_t{box.y + y} * size.width + box.x, box.width, 1);
    }
  }
  return mask;
}

std::vector<uint8_t> BytesOf(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(ObjectGoldenTest, HolesAreFilledAsByNumpy) {
  const auto rows = RowsOf("fill");
  ASSERT_GE(rows.size(), 9u);
  for (const auto& row : rows) {
    const SizePx size = SizeOf(row);
    Bitmap picture = MakePicture(size, NumberOf(row[2]));
    const Bitmap before = picture;
    const std::vector<uint8_t> mask = MaskOf(size, BoxesOf(row[3]));
    const HoleMarks hole{.marks = mask.data(), .mask = 1, .value = 1};
    const RectPx box = ExtentOf(WholeOf(size), mask).box;
    EXPECT_EQ(BoxOfHole(hole, WholeOf(size), size.width), box);
    std::vector<float> scratch(FillHoleFloats(size));
    FillHole(picture.view(), hole, box, scratch);
    const std::vector<uint8_t> expected = BytesOf(row[4]);
    size_t next = 0;
    int unequal = 0;
    for (size_t i = 0; i < mask.size(); ++i) {
      for (size_t c = 0; c < 3; ++c) {
        const uint8_t value = picture.bytes[3 * i + c];
        if (mask[i] == 0) {
          ASSERT_EQ(value, before.bytes[3 * i + c]) << "outside of the hole";
          continue;
        }
        // f32 and f64 may round to neighbours.
        ASSERT_LE(std::abs(value - expected.at(next)), 1) << row[3] << " at " << i;
        unequal += value == expected.at(next++) ? 0 : 1;
      }
    }
    EXPECT_EQ(next, expected.size());
    EXPECT_LE(unequal, static_cast<int>(next / 100)) << row[3];
  }
}

TEST(ObjectGoldenTest, EdgesAreSoftenedAsByNumpy) {
  const auto rows = RowsOf("alpha");
  ASSERT_GE(rows.size(), 6u);
  for (const auto& row : rows) {
    const SizePx size = SizeOf(row);
    const std::vector<uint8_t> mask = MaskOf(size, BoxesOf(row[3]));
    std::vector<uint8_t> a(mask.size()), b(mask.size()), alpha(AlphaBytes(size), 99);
    std::vector<uint16_t> line(size.width + 2);
    MakeAlpha(size, mask, NumberOf(row[2]), a, b, line, alpha);
    const std::vector<uint8_t> expected = BytesOf(row[4]);
    for (uint32_t y = 0; y < size.height + 2; ++y) {
      for (uint32_t x = 0; x < size.width + 2; ++x) {
        const bool ring = x == 0 || y == 0 || x == size.width + 1 || y == size.height + 1;
        const uint8_t value = alpha[size_t{y} * (size.width + 2) + x];
        ASSERT_EQ(value, ring ? 0 : expected.at(size_t{y - 1} * size.width + x - 1))
            << row[3] << " at " << x << ", " << y;
      }
    }
  }
}

TEST(ObjectGoldenTest, HeatMapsAreNumpys) {
  const auto rows = RowsOf("heat");
  ASSERT_GE(rows.size(), 4u);
  for (const auto& row : rows) {
    const SizePx size = SizeOf(row);
    ObjectList list;
    list.Clear(size);
    const std::vector<RectPx> boxes = BoxesOf(row[4]);
    for (const RectPx& box : boxes) {
      AddOutline(&list, {BoxRing(box.x, box.y, box.width, box.height)});
    }
    ScratchCursor measured;
    HeatMap unused(size, &measured);
    GuardedScratch memory(measured.bytes());
    ScratchCursor scratch(memory.span());
    HeatMap heat(size, &scratch);
    heat.Prepare(MakePicture(size, NumberOf(row[2])).view(), list);
    const MovableObject group[] = {{.object = 0, .box = boxes[0]}};
    const HeatNorm norm = row[3] == "ref" ? HeatNorm::kReference : HeatNorm::kRenorm;
    const std::span<const float> map = heat.MapOf(list, group, boxes[0], norm);
    EXPECT_TRUE(memory.GuardIsWhole());
    std::istringstream values(row[5]);
    size_t i = 0;
    for (double value; values >> value; i += 5) ASSERT_NEAR(map[i], value, 2e-3) << row[4] << i;
    EXPECT_GE(i, map.size());
  }
}

}  // namespace
}  // namespace headrace::loader
