// The attack against NumPy's, which shares nothing with it (tests/golden/make_ace_golden.py).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loader/mix/ace_attack.h"

namespace headrace::loader {
namespace {

constexpr uint32_t kHeight = 9, kWidth = 11;
constexpr size_t kPlane = size_t{kHeight} * kWidth;

// The picture and the loss of the script: the sum of a z + b z^2 / 2.
uint8_t PixelOf(size_t c, size_t i) { return static_cast<uint8_t>((i * 37 + c * 11 + 13) % 256); }
double SlopeOf(size_t c, size_t i) { return (static_cast<double>((i * 29 + c * 7) % 17) - 8) / 8; }
double BendOf(size_t c, size_t i) { return static_cast<double>((i * 13 + c * 5) % 7) / 16; }

int Model(void*, const ModelRows& in, ModelAnswer* out) {
  double loss = 0;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < kPlane; ++i) {
      const double z = in.data[c * kPlane + i];
      loss += SlopeOf(c, i) * z + BendOf(c, i) * z * z / 2;
      const_cast<float*>(out->grad)[c * kPlane + i] =
          static_cast<float>(SlopeOf(c, i) + BendOf(c, i) * z);
    }
  }
  out->loss[0] = static_cast<float>(loss);
  return 0;
}

struct Expected {
  AceSettings settings;
  double before = 0;
  double after = 0;
  std::string bytes;  // hexadecimal
};

std::vector<Expected> ReadGolden() {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/ace_golden.tsv");
  std::vector<Expected> rows;
  std::string line;
  std::getline(file, line);  // names
  while (std::getline(file, line)) {
    Expected row;
    AceConfig& config = row.settings.config;
    int sign = 0, best = 0;
    std::istringstream(line) >> config.pieces >> config.bound >> config.steps >> sign >> best >>
        row.before >> row.after >> row.bytes;
    config.step = sign != 0 ? AceStep::kSign : AceStep::kL2;
    config.keep = best != 0 ? AceKeep::kBest : AceKeep::kLast;
    config.final_eval = true;
    rows.push_back(row);
  }
  return rows;
}

TEST(AceGoldenTest, IsWhatNumpyMakes) {
  const std::vector<Expected> rows = ReadGolden();
  ASSERT_EQ(rows.size(), 6u);
  const BatchShape shape{.batch_size = 1,
                         .channels = 3,
                         .height = kHeight,
                         .width = kWidth,
                         .dtype = simd::Dtype::kU8,
                         .layout = simd::Layout::kNchw,
                         .classes = 1};
  OutputScale scale;
  scale.mean.fill(0.5);
  scale.std.fill(0.25);
  const simd::ConvertTable convert =
      simd::MakeConvertTable(simd::Dtype::kU8, simd::Layout::kNchw, 3, nullptr, nullptr);
  alignas(64) static std::byte room_memory[16384];
  alignas(64) static std::byte memory[16384];
  ASSERT_LE(ModelRoom::Bytes(shape, 1, false), sizeof room_memory);
  ASSERT_LE(AceAttack::Bytes(shape), sizeof memory);
  ModelRoom room(shape, 1, false, room_memory);
  AceAttack attack(&room, convert, scale, memory);
  for (const Expected& row : rows) {
    std::vector<uint8_t> pixels(3 * kPlane);
    for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = PixelOf(i / kPlane, i % kPlane);
    const int64_t zero = 0;
    const uint8_t valid = 1;
    const ModelBatch batch{.rows = 1,
                           .pixels = pixels.data(),
                           .images = reinterpret_cast<std::byte*>(pixels.data()),
                           .labels = &zero,
                           .ids = &zero,
                           .valid = &valid};
    AceReport report;
    ASSERT_TRUE(
        attack.Run(row.settings, {.name = "mix/ace"}, {Model, nullptr}, batch, &report).ok());
    attack.WriteBack(batch);
    EXPECT_NEAR(report.loss_before, row.before, 1e-4);
    EXPECT_NEAR(report.loss_after, row.after, 1e-4 * row.after);
    ASSERT_EQ(row.bytes.size(), 2 * pixels.size());
    int differ = 0;
    for (size_t i = 0; i < pixels.size(); ++i) {
      const int expected = std::stoi(row.bytes.substr(2 * i, 2), nullptr, 16);
      EXPECT_LE(std::abs(expected - pixels[i]), 1) << i;  // gradients are f32 here
      differ += expected != pixels[i] ? 1 : 0;
    }
    EXPECT_LE(differ, 3) << row.settings.config.pieces;
  }
}

}  // namespace
}  // namespace headrace::loader
