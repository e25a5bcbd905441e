// Ops and short lists of them against hashes of what torchvision on PIL images and Pillow make of
// the same (tests/golden/make_op_golden.py).
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "loader/config_toml.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

struct GoldenRow {
  SizePx size;
  uint32_t seed = 0;
  std::string ops;  // insides of inline tables, "; " between
  std::string hash;
};

bool ReadRow(std::istream& in, GoldenRow* row) {
  std::string line;
  if (!std::getline(in, line)) return false;
  std::istringstream fields(line);
  fields >> row->size.width >> row->size.height >> row->seed;
  fields.ignore();  // the tab
  return static_cast<bool>(std::getline(std::getline(fields, row->ops, '\t'), row->hash));
}

std::vector<std::string> Split(const std::string& ops) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t at; (at = ops.find("; ", from)) != std::string::npos; from = at + 2) {
    parts.push_back(ops.substr(from, at - from));
  }
  parts.push_back(ops.substr(from));
  return parts;
}

class Fnv {
 public:
  void Add(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3; }
  void Add(uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) Add(static_cast<uint8_t>(word >> shift));
  }
  std::string Text() const {
    std::ostringstream text;
    text.width(16);
    text.fill('0');
    text << std::hex << value_;
    return text.str();
  }

 private:
  uint64_t value_ = 0xCBF29CE484222325;
};

std::string HashOf(const Bitmap& picture) {
  Fnv hash;
  hash.Add(picture.size.width);
  hash.Add(picture.size.height);
  for (const uint8_t byte : picture.bytes) hash.Add(byte);
  return hash.Text();
}

TEST(AugmentOpGoldenTest, EqualsTorchvisionAndPillowBitForBit) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/op_golden.tsv");
  ASSERT_TRUE(file.is_open());
  int rows = 0;
  std::set<std::string> ops_met;
  for (GoldenRow row; ReadRow(file, &row); ++rows) {
    SCOPED_TRACE(std::to_string(row.size.width) + "x" + std::to_string(row.size.height) + " seed " +
                 std::to_string(row.seed) + ": " + row.ops);
    std::vector<OpConfig> ops;
    ConfigError error;
    const std::vector<std::string> tables = Split(row.ops);
    ASSERT_TRUE(ParseOps(tables, &ops, &error)) << error.text;
    for (const OpConfig& op : ops) ops_met.insert(op.op);
    const auto program = MakeProgram(ops);
    ASSERT_NE(program, nullptr);
    const Recipe recipe = MakeRecipe(*program, {}, row.size);
    EXPECT_EQ(HashOf(Applied(*program, recipe, MakePicture(row.size, row.seed))), row.hash);
  }
  EXPECT_GT(rows, 800);
  EXPECT_GE(ops_met.size(), 24u);
}

}  // namespace
}  // namespace headrace::loader
