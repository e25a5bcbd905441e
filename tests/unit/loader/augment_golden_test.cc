// Crops and resizes against hashes of Pillow's results (tests/golden/make_augment_golden.py).
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>

#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

struct GoldenRow {
  std::string kind;
  SizePx size;
  uint32_t seed = 0;
  std::array<double, 6> numbers{};
  std::string filter;
  std::string hash;
};

bool ReadRow(std::istream& in, GoldenRow* row) {
  in >> row->kind >> row->size.width >> row->size.height >> row->seed;
  for (double& number : row->numbers) in >> number;
  in >> row->filter >> row->hash;
  return static_cast<bool>(in);
}

std::string Fnv(const std::vector<uint8_t>& bytes) {
  uint64_t value = 0xCBF29CE484222325;
  for (const uint8_t byte : bytes) value = (value ^ byte) * 0x100000001B3;
  std::ostringstream text;
  text.width(16);
  text.fill('0');
  text << std::hex << value;
  return text.str();
}

std::vector<OpConfig> OpsOf(const GoldenRow& row) {
  const auto& n = row.numbers;
  if (row.kind == "center") return {CenterConfig(n[0], n[1])};
  if (row.kind == "short_center") {
    OpConfig resize = MakeOpConfig(
        "resize", {{"size", static_cast<int64_t>(n[0])}, {"interpolation", row.filter}});
    if (n[1] > 0) resize.params["max_size"] = static_cast<int64_t>(n[1]);
    return {resize, CenterConfig(n[2], n[3])};
  }
  const OpConfig crop =
      MakeOpConfig("random_resized_crop", {{"size", std::vector<double>{n[4], n[5]}},
                                           {"at", std::vector<double>{n[0], n[1], n[2], n[3]}},
                                           {"interpolation", row.filter}});
  return {FlipConfig(row.kind == "flip_crop_resize" ? 1 : 0), crop};
}

TEST(AugmentGoldenTest, EqualsPillowBitForBit) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/augment_golden.tsv");
  ASSERT_TRUE(file.is_open());
  int rows = 0;
  for (GoldenRow row; ReadRow(file, &row); ++rows) {
    SCOPED_TRACE(row.kind + " seed " + std::to_string(row.seed));
    const Bitmap picture = MakePicture(row.size, row.seed);
    const auto program = MakeProgram(OpsOf(row));
    const Recipe recipe = MakeRecipe(*program, {}, row.size);
    EXPECT_EQ(Fnv(Applied(*program, recipe, picture).bytes), row.hash);
  }
  EXPECT_EQ(rows, 39);
}

}  // namespace
}  // namespace headrace::loader
