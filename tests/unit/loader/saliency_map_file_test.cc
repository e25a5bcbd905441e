// Maps that the data set brings: files that are damaged, and places followed back through recipes.
#include "loader/saliency/saliency_map_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/rng.h"
#include "loader/augment/program.h"
#include "loader/open_watch.h"
#include "loader/saliency/recipe_map.h"
#include "loader/saliency/saliency.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

std::string NpyBytes(const std::string& header, const std::vector<float>& values) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

std::string Write(const testing::TempFolder& folder, const std::string& bytes) {
  const std::string path = folder / "maps.npy";
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

// Whatever is done to a file, it is taken whole or refused with a text that names it.
TEST(SaliencyMapFileTest, DamagedFilesAreTakenOrRefused) {
  const testing::TempFolder folder;
  const std::string good =
      NpyBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 4), }          \n",
               std::vector<float>(24, 0.5f));
  RandomStream random({.seed = 1, .name = "test"});
  int taken = 0;
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bytes = good;
    for (uint32_t k = 0; k < 1 + random.NextBelow(3) && !bytes.empty() && round > 0; ++k) {
      const uint32_t at = random.NextBelow(static_cast<uint32_t>(bytes.size()));
      switch (random.NextBelow(4)) {
        case 0: bytes[at] = static_cast<char>(random.NextBelow(256)); break;
        case 1: bytes.erase(at, 1 + random.NextBelow(20)); break;
        case 2: bytes.insert(at, 1, "0123456789(),:'\"<f4 "[random.NextBelow(20)]); break;
        default: bytes.resize(at); break;
      }
    }
    const std::string path = Write(folder, bytes);
    std::unique_ptr<SaliencyMapFile> file;
    ConfigError error;
    if (SaliencyMapFile::Open(path, 3, &file, &error) && file->Read(&error)) {
      ++taken;
      ASSERT_EQ(file->bytes() % (uint64_t{3} * file->grid_height() * file->grid_width()), 0u);
      for (const double x : {0.0, 0.49, 1.0}) {
        ASSERT_TRUE(file->At(2, {x, 1.0 - x}) >= 0 && std::isfinite(file->At(2, {x, 1.0 - x})));
      }
    } else {
      ++refused;
      ASSERT_NE(error.text.find(path), std::string::npos) << error.text;
      ASSERT_NE(error.code, Code::kInternal) << error.text;
    }
  }
  EXPECT_GT(taken, 15);
  EXPECT_GT(refused, 150);
}

TEST(SaliencyMapFileTest, ReadsLaterVersionsAndOtherSpacing) {
  const testing::TempFolder folder;
  std::string bytes("\x93NUMPY\x02\x00", 8);
  const std::string header = "{\"shape\":(1,1,2),\"fortran_order\":False,\"descr\":\"<f4\"}\n";
  bytes += static_cast<char>(header.size());
  bytes.append(3, '\0');
  bytes += header;
  const float values[] = {0.25f, 0.75f};
  bytes.append(reinterpret_cast<const char*>(values), sizeof values);
  std::unique_ptr<SaliencyMapFile> file;
  ConfigError error;
  ASSERT_TRUE(SaliencyMapFile::Open(Write(folder, bytes), 1, &file, &error)) << error.text;
  ASSERT_TRUE(file->Read(&error)) << error.text;
  EXPECT_EQ(file->At(0, {0.4, 0.9}), 0.25f);
  EXPECT_EQ(file->At(0, {0.6, 0.1}), 0.75f);
  EXPECT_EQ(file->At(0, {1.0, 1.0}), 0.75f);
  EXPECT_EQ(file->At(0, {1.01, 0.5}), 0.0f);
  EXPECT_EQ(file->At(0, {-0.01, 0.5}), 0.0f);
}

// 20 MiB, of which no more than a piece is read once nobody waits any more.
TEST(SaliencyMapFileTest, ReadingEndsWithTheOpening) {
  const testing::TempFolder folder;
  const std::string path = Write(
      folder, NpyBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 1024, 1024), }\n",
                       std::vector<float>(size_t{5} << 20, 0.5f)));
  for (int last = 1; last <= 4; ++last) {
    std::unique_ptr<SaliencyMapFile> file;
    ConfigError error;
    ASSERT_TRUE(SaliencyMapFile::Open(path, 5, &file, &error)) << error.text;
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps != last; }, OpenWatch::First::kAtOnce,
                    0);
    EXPECT_EQ(file->Read(&error), last == 4) << error.text;
    EXPECT_EQ(error.code, last == 4 ? Code::kOk : Code::kStopped) << error.text;
    EXPECT_EQ(steps, std::min(last, 3));
  }
}

// A map that rises from left to right and from top to bottom shows the same as a picture that does,
// after any geometry.
TEST(RecipeMapTest, AMapFollowsThePicture) {
  constexpr SizePx kSource = {200, 150};
  constexpr uint32_t kGrid = 256;
  const testing::TempFolder folder;
  std::vector<float> map(size_t{kGrid} * kGrid);
  for (uint32_t y = 0; y < kGrid; ++y) {
    for (uint32_t x = 0; x < kGrid; ++x) map[y * kGrid + x] = static_cast<float>(x + 2 * y);
  }
  std::unique_ptr<SaliencyMapFile> file;
  ConfigError error;
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 256, 256), }\n";
  ASSERT_TRUE(SaliencyMapFile::Open(Write(folder, NpyBytes(header, map)), 1, &file, &error));
  ASSERT_TRUE(file->Read(&error)) << error.text;
  std::vector<uint8_t> pixels;
  for (uint32_t y = 0; y < kSource.height; ++y) {
    for (uint32_t x = 0; x < kSource.width; ++x) {
      pixels.push_back(static_cast<uint8_t>((x + 0.5) * 255 / kSource.width));
      pixels.push_back(static_cast<uint8_t>((y + 0.5) * 255 / kSource.height));
      pixels.push_back(0);
    }
  }
  const ConstImageView picture{pixels.data(), kSource.width, kSource.height, 3,
                               size_t{kSource.width} * 3};
  const std::vector<std::vector<std::string>> lists = {
      {"op = \"random_resized_crop\", size = [96, 128]", "op = \"random_horizontal_flip\""},
      {"op = \"random_vertical_flip\"", "op = \"resize\", size = [90, 100]",
       "op = \"random_horizontal_flip\"", "op = \"random_crop\", size = [64, 80]",
       "op = \"brightness\", factor = [1, 1]"},
      {"op = \"resize\", size = 80", "op = \"center_crop\", size = 64"}};
  for (const auto& list : lists) {
    std::vector<OpConfig> ops;
    ASSERT_TRUE(ParseOps(list, &ops, &error)) << error.text;
    std::unique_ptr<AugmentProgram> program;
    ASSERT_TRUE(AugmentProgram::Make(ops, {}, true, &program, &error)) << error.text;
    Recipe recipe;
    program->Prepare(&recipe);
    for (uint64_t id = 0; id < 12; ++id) {
      SCOPED_TRACE(list[0] + ", sample " + std::to_string(id));
      ASSERT_TRUE(program->MakeRecipe({.seed = 3, .id = id}, kSource, &recipe).ok());
      std::vector<float> found(kSaliencyCells);
      MapOfRecipe(*file, 0, recipe, found);
      std::vector<std::byte> memory(program->ScratchBytes(recipe) + 64);
      const size_t shift = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
      ConstImageView out;
      simd::FlipColumns flip;
      AugmentTiming timing;
      ASSERT_TRUE(program
                      ->Apply(recipe, picture.Crop(recipe.region), std::span(memory).subspan(shift),
                              &out, &flip, &timing)
                      .ok());
      for (uint32_t y = 2; y < 62; y += 4) {
        for (uint32_t x = 2; x < 62; x += 4) {
          uint32_t column = (2 * x + 1) * out.width / 128;
          if (flip == simd::FlipColumns::kYes) column = out.width - 1 - column;
          const uint8_t* pixel = out.Row((2 * y + 1) * out.height / 128) + size_t{3} * column;
          // In cells of the grid; a pixel of a small result spans several.
          ASSERT_NEAR(found[y * 64 + x], pixel[0] + 2 * pixel[1], 12) << y << ", " << x;
        }
      }
    }
  }
}

// The chains of AugMix stand in a recipe's list of draws, and are no steps of it.
TEST(RecipeMapTest, WhatBelongsToADrawMovesNothing) {
  const testing::TempFolder folder;
  std::vector<float> map(64 * 64);
  for (size_t i = 0; i < map.size(); ++i) map[i] = static_cast<float>(i);
  std::unique_ptr<SaliencyMapFile> file;
  ConfigError error;
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 64, 64), }\n";
  ASSERT_TRUE(SaliencyMapFile::Open(Write(folder, NpyBytes(header, map)), 1, &file, &error));
  ASSERT_TRUE(file->Read(&error)) << error.text;
  const std::vector<std::string> list = {"op = \"random_resized_crop\", size = 64",
                                         "op = \"random_horizontal_flip\"", "op = \"aug_mix\""};
  const auto map_of = [&](size_t count, uint64_t id) {
    std::vector<OpConfig> ops;
    EXPECT_TRUE(ParseOps(std::span(list).first(count), &ops, &error)) << error.text;
    std::unique_ptr<AugmentProgram> program;
    EXPECT_TRUE(AugmentProgram::Make(ops, {}, true, &program, &error)) << error.text;
    Recipe recipe;
    program->Prepare(&recipe);
    EXPECT_TRUE(program->MakeRecipe({.seed = 3, .id = id}, {200, 150}, &recipe).ok());
    EXPECT_TRUE(count < 3 || recipe.list_count > 3);
    std::vector<float> found(kSaliencyCells);
    MapOfRecipe(*file, 0, recipe, found);
    return found;
  };
  for (uint64_t id = 0; id < 6; ++id) EXPECT_EQ(map_of(3, id), map_of(2, id));
}

}  // namespace
}  // namespace headrace::loader
