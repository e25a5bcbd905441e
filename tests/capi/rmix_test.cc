// R-Mix over the C API: in the loader with maps of the data set, and on a leased batch.
#include <gtest/gtest.h>
#include <headrace.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <set>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr uint32_t kSide = 8;  // of SmallConfig's pictures
constexpr size_t kPixels = size_t{3} * kSide * kSide;

// Writes f32 or u8 maps as numpy.save does.
template <class T>
void WriteNpy(const std::string& path, const char* type, const std::vector<uint64_t>& shape,
              const std::vector<T>& values, const char* order = "False") {
  std::string sides;
  for (const uint64_t side : shape) sides += std::to_string(side) + ", ";
  std::string header = std::string("{'descr': '") + type + "', 'fortran_order': " + order +
                       ", 'shape': (" + sides + "), }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  const char length[] = {static_cast<char>(header.size() & 0xFF),
                         static_cast<char>(header.size() >> 8)};
  file.write(length, 2);
  file << header;
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

class RmixTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kSamples = 21;
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, kSamples);
    maps_ = new TempFolder;
  }
  static void TearDownTestSuite() {
    delete folder_;
    delete maps_;
  }
  static std::string Toml(const std::string& extra, const std::string& dataset_keys = "",
                          const std::string& loader_keys = "shuffle = \"none\"") {
    std::string toml = SmallConfig(folder_->path(), extra, loader_keys);
    return toml.insert(toml.find("[loader]"), dataset_keys + "\n");
  }
  static LoaderHandle Open(const std::string& extra, const std::string& dataset_keys = "") {
    return MustOpen(Toml(extra, dataset_keys));
  }
  static TempFolder* folder_;
  static TempFolder* maps_;
};
TempFolder* RmixTest::folder_ = nullptr;
TempFolder* RmixTest::maps_ = nullptr;

// The share of the pixels of each sample that are its own, where the two differ by enough to tell;
// -1 where they do not.
void ExpectLambdaOfPixels(const BatchValue& clean, const BatchValue& mixed) {
  const auto* before = reinterpret_cast<const float*>(clean.images.data());
  const auto* after = reinterpret_cast<const float*>(mixed.images.data());
  const auto* lambda = reinterpret_cast<const float*>(mixed.lambda.data());
  const auto* partner = reinterpret_cast<const int32_t*>(mixed.partner.data());
  for (size_t i = 0; i < 8; ++i) {
    const auto j = static_cast<size_t>(partner[i]);
    if (i == j) {
      EXPECT_EQ(lambda[i], 1.0f);
      EXPECT_EQ(memcmp(before + i * kPixels, after + i * kPixels, kPixels * sizeof(float)), 0);
      continue;
    }
    double sum = 0;
    int count = 0;
    for (size_t e = 0; e < kSide * kSide; ++e) {
      // The channel that tells the two apart best.
      size_t best = e;
      for (size_t c = 1; c < 3; ++c) {
        const size_t at = c * kSide * kSide + e;
        if (std::abs(before[i * kPixels + at] - before[j * kPixels + at]) >
            std::abs(before[i * kPixels + best] - before[j * kPixels + best])) {
          best = at;
        }
      }
      const double own = static_cast<double>(before[i * kPixels + best]);
      const double other = static_cast<double>(before[j * kPixels + best]);
      if (std::abs(own - other) < 0.01) continue;
      sum += (static_cast<double>(after[i * kPixels + best]) - other) / (own - other);
      ++count;
    }
    EXPECT_NEAR(sum / count, lambda[i], count == kSide * kSide ? 1e-4 : 0.1) << i;
  }
}

TEST_F(RmixTest, TheLoaderMixesByEachEstimatorWithAnyNumberOfWorkers) {
  const auto clean = DrainEpoch(Open("[output]\nlabels = \"soft\"\n").get());
  for (const char* jpeg : {"fast", "exact"}) {
    const std::string decode = std::string("[decode]\njpeg = \"") + jpeg + "\"\n";
    const auto clean_here = DrainEpoch(Open(decode + "[output]\nlabels = \"soft\"\n").get());
    std::set<std::string> different;
    for (const char* saliency : {"sr", "sobel", "contrast", "center", "uniform"}) {
      const std::string extra =
          decode + "[[mix]]\nop = \"rmix\"\nalpha = 1.0\npatches = [4]\nsaliency = \"" + saliency +
          "\"\n";
      const auto one =
          DrainEpoch(MustOpen(Toml(extra, "", "shuffle = \"none\"\nworkers = 1")).get());
      EXPECT_EQ(DrainEpoch(MustOpen(Toml(extra, "", "shuffle = \"none\"\nworkers = 4")).get()),
                one);
      ASSERT_EQ(one.size(), clean_here.size());
      for (size_t b = 0; b < one.size(); ++b) {
        EXPECT_NE(one[b].images, clean_here[b].images);
        ExpectLambdaOfPixels(clean_here[b], one[b]);
      }
      different.insert(one[0].images);
    }
    EXPECT_EQ(different.size(), 5u);
  }
  EXPECT_EQ(clean.size(), 2u);
}

// The only salient place of each picture is its upper left quarter: with the highest quantile and
// two patches a side that is what its mask shows, in the whole picture resized.
TEST_F(RmixTest, MapsOfTheDataSetFollowTheRecipe) {
  const std::string path = *maps_ / "corner.npy";
  std::vector<float> maps(kSamples * 6 * 4, 0.0f);
  for (uint32_t i = 0; i < kSamples; ++i) {
    for (uint32_t y = 0; y < 3; ++y) maps[i * 24 + y * 4] = maps[i * 24 + y * 4 + 1] = 1.0f;
  }
  WriteNpy(path, "<f4", {kSamples, 6, 4}, maps);
  std::vector<uint8_t> bytes(maps.begin(), maps.end());
  const std::string bytes_path = *maps_ / "corner_u8.npy";
  WriteNpy(bytes_path, "|u1", {kSamples, 6, 4}, bytes);
  const std::string mix =
      "[[mix]]\nop = \"rmix\"\npatches = [2]\nquantiles = [1.0]\npairing = \"reverse\"\n";
  const auto open = [&](const std::string& flips, const std::string& file) {
    std::string toml = Toml(mix + "saliency = \"maps\"\n", "saliency_maps = \"" + file + "\"");
    const size_t begin = toml.find("[[augment]]");
    toml.replace(begin, toml.find("[[mix]]") - begin,
                 "[[augment]]\nop = \"resize\"\nsize = [8, 8]\n" + flips);
    return DrainEpoch(MustOpen(toml).get());
  };
  // Every mask is the same, so all patches are blended: lambda is the share itself.
  const auto straight = open("", path);
  const auto* lambda = reinterpret_cast<const float*>(straight[0].lambda.data());
  for (int i = 1; i < 8; ++i) EXPECT_EQ(lambda[i], lambda[0]);
  EXPECT_EQ(open("", bytes_path), straight);

  // Half of the pictures are mirrored: where one of a pair is and the other is not, each shows its
  // own corner, and the lower half is blended.
  const auto flipped = open("[[augment]]\nop = \"random_horizontal_flip\"\n", path);
  int equal = 0;
  int crossed = 0;
  for (const BatchValue& batch : flipped) {
    const auto* share = reinterpret_cast<const float*>(batch.lambda.data());
    const auto* straight_share = reinterpret_cast<const float*>(
        straight[static_cast<size_t>(&batch - flipped.data())].lambda.data());
    for (int i = 0; i < 8; ++i) {
      if (share[i] == straight_share[i]) {
        ++equal;
      } else {
        EXPECT_NEAR(share[i], 0.25f + 0.5f * straight_share[i], 1e-6);
        ++crossed;
      }
    }
  }
  EXPECT_GT(equal, 2);
  EXPECT_GT(crossed, 2);
}

TEST_F(RmixTest, MapsThatDoNotFitAreToldAtOpen) {
  const std::string path = *maps_ / "bad.npy";
  const std::vector<float> good(kSamples * 4, 0.5f);
  const auto error_of = [&](const std::string& dataset_keys) {
    LoaderHandle loader;
    HR_INIT(hr_error, error);
    const hr_status status = OpenToml(
        Toml("[[mix]]\nop = \"rmix\"\nsaliency = \"maps\"\n", dataset_keys), &loader, &error);
    EXPECT_NE(status, HR_OK);
    EXPECT_NE(std::string(error.text).find("saliency_maps"), std::string::npos) << error.text;
    return std::pair(status, std::string(error.text));
  };
  const auto of_file = [&](const char* part, hr_status code) {
    const auto [status, text] = error_of("saliency_maps = \"" + path + "\"");
    EXPECT_EQ(status, code) << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_NE(text.find(path), std::string::npos) << text;
  };
  EXPECT_EQ(error_of("").first, HR_CONFIG_MISSING);
  EXPECT_EQ(error_of("saliency_maps = \"/no/such.npy\"").first, HR_NOT_FOUND);
  WriteNpy(path, "<f4", {kSamples, 2, 2}, good);
  EXPECT_TRUE(
      Open("[[mix]]\nop = \"rmix\"\nsaliency = \"maps\"\n", "saliency_maps = \"" + path + "\""));
  WriteNpy(path, "<f4", {kSamples - 1, 2, 2}, good);
  of_file("holds 20 maps and the data set has 21", HR_CONFIG_VALUE);
  WriteNpy(path, "<f4", {kSamples, 4}, good);
  of_file("[21, 4]", HR_CONFIG_VALUE);
  WriteNpy(path, "<f4", {kSamples, 0, 4}, good);
  of_file("[21, 0, 4]", HR_CONFIG_VALUE);
  WriteNpy(path, "<f8", {kSamples, 2, 2}, good);
  of_file("\"<f8\"", HR_CONFIG_VALUE);
  WriteNpy(path, "<f4", {kSamples, 2, 2}, good, "True");
  of_file("Fortran", HR_CONFIG_VALUE);
  WriteNpy(path, "<f4", {kSamples, 2, 3}, good);
  of_file("needs", HR_TRUNCATED);
  WriteNpy(path, "<f4", {kSamples, 1, 2}, good);
  of_file("needs", HR_CONFIG_VALUE);
  WriteNpy(path, "<f4", {kSamples, UINT64_MAX, 2}, good);
  of_file("sides of 1 to 4096", HR_CONFIG_VALUE);
  std::vector<float> wrong = good;
  wrong[4 * 7 + 3] = NAN;
  WriteNpy(path, "<f4", {kSamples, 2, 2}, wrong);
  of_file("map 7 has a number that is not finite at row 1, column 1", HR_CONFIG_VALUE);
  wrong[4 * 7 + 3] = -0.5f;
  WriteNpy(path, "<f4", {kSamples, 2, 2}, wrong);
  of_file("map 7 has a negative number", HR_CONFIG_VALUE);
  std::ofstream(path) << "not numbers at all";
  of_file("not an .npy file", HR_UNSUPPORTED_FORMAT);
  std::ofstream(path) << "";
  of_file("not an .npy file", HR_UNSUPPORTED_FORMAT);
}

TEST_F(RmixTest, ALeasedBatchIsMixedAsTheLoaderMixes) {
  // Maps that are ones give masks of ones: what saliency = "uniform" does.
  const auto expected = DrainEpoch(Open("[[mix]]\nop = \"rmix\"\nsaliency = \"uniform\"\n").get());
  for (const bool closed : {false, true}) {
    LoaderHandle loader = Open("[output]\nkeep_u8 = true\nlabels = \"soft\"\n");
    for (const BatchValue& wanted : expected) {
      const BatchHandle batch = Next(loader.get());
      if (closed) loader.reset();
      const std::vector<float> maps(8 * 16, 1.0f);
      HR_INIT(hr_rmix_report, report);
      HR_INIT(hr_error, error);
      ASSERT_EQ(
          hr_batch_rmix(batch.get(), nullptr, maps.data(), 4, 4, 16, nullptr, &report, &error),
          HR_OK)
          << error.text;
      EXPECT_EQ(ValueOf(batch.get()), wanted);
      EXPECT_TRUE(report.patches == 2 || report.patches == 4);
      EXPECT_EQ(report.mixed, 8u);
      EXPECT_EQ(report.uniform_maps, 0u);
      EXPECT_EQ(
          hr_batch_rmix(batch.get(), nullptr, maps.data(), 4, 4, 16, nullptr, &report, &error),
          HR_INVALID_ARGUMENT);
      EXPECT_STREQ(error.text, "the batch is mixed already");
      EXPECT_EQ(ValueOf(batch.get()), wanted);
      if (closed) break;
    }
  }
}

TEST_F(RmixTest, SmoothingOfALeasedBatchStaysWithIt) {
  const LoaderHandle loader = Open("[output]\nkeep_u8 = true\nlabels = \"soft\"\n");
  const auto clean = DrainEpoch(Open("[output]\nlabels = \"soft\"\n").get());
  const std::vector<float> maps(8 * 16, 1.0f);
  HR_INIT(hr_rmix_config, config);
  config.label_smoothing = 0.5;
  // More batches than there are buffers.
  for (int round = 0; round < 4; ++round) {
    hr_loader_set_epoch(loader.get(), 0, nullptr);
    {
      const BatchHandle first = Next(loader.get());
      ASSERT_EQ(
          hr_batch_rmix(first.get(), &config, maps.data(), 4, 4, 16, nullptr, nullptr, nullptr),
          HR_OK);
    }
    for (size_t i = 1; i < clean.size(); ++i) {
      EXPECT_EQ(ValueOf(Next(loader.get()).get()), clean[i]) << round;
    }
  }
}

TEST_F(RmixTest, ABatchThatAPermutationLeavesAloneIsNotMixed) {
  // Two samples: half of all permutations are the identity.
  const char* const overrides[] = {"loader.batch_size=2"};
  HR_INIT(hr_options, options);
  options.overrides = overrides;
  options.override_count = 1;
  const LoaderHandle loader = MustOpen(Toml("[output]\nkeep_u8 = true\n"), &options);
  const std::vector<float> maps(2 * 16, 1.0f);
  HR_INIT(hr_rmix_config, config);
  config.pairing = HR_RMIX_PERMUTE;
  int alone = 0;
  for (int i = 0; i < 10; ++i) {
    const BatchHandle batch = Next(loader.get());
    HR_INIT(hr_rmix_report, report);
    const auto mix = [&] {
      return hr_batch_rmix(batch.get(), &config, maps.data(), 4, 4, 16, nullptr, &report, nullptr);
    };
    ASSERT_EQ(mix(), HR_OK);
    alone += report.mixed == 0 ? 1 : 0;
    EXPECT_EQ(mix(), report.mixed == 0 ? HR_OK : HR_INVALID_ARGUMENT);
  }
  EXPECT_GT(alone, 0);
  EXPECT_LT(alone, 10);
}

TEST_F(RmixTest, TheCallerChoosesPatchesPairsAndQuantiles) {
  const LoaderHandle loader = Open("[output]\nkeep_u8 = true\n");
  const auto clean = DrainEpoch(Open("").get());
  const BatchHandle batch = Next(loader.get());
  const uint32_t patches[] = {2};
  const double quantiles[] = {0.0, 1.0};
  HR_INIT(hr_rmix_config, config);
  config.patches = patches;
  config.patch_count = 1;
  config.quantiles = quantiles;
  config.quantile_count = 2;
  config.pairing = HR_RMIX_REVERSE;
  config.alpha = 1.0;
  // Rows are 5 numbers apart; the first patch is the salient one of each.
  std::vector<float> maps(8 * 5, 0.25f);
  for (size_t i = 0; i < 8; ++i) maps[i * 5] = 1.0f;
  // With quantile 1 the mask is the first patch, with 0 it is everything.
  const uint8_t q_index[] = {1, 1, 1, 1, 0, 0, 0, 0};
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_batch_rmix(batch.get(), &config, maps.data(), 2, 2, 5, q_index, nullptr, &error),
            HR_OK)
      << error.text;
  const hr_batch_info info = InfoOf(batch.get());
  const auto* images = static_cast<const float*>(info.images);
  const auto* before = reinterpret_cast<const float*>(clean[0].images.data());
  for (size_t i = 0; i < 4; ++i) {
    const size_t j = 7 - i;
    EXPECT_EQ(info.partner[i], static_cast<int32_t>(j));
    EXPECT_EQ(info.partner[j], static_cast<int32_t>(i));
    // In three patches only the second is salient: both show it. In the first they are blended.
    const double share = static_cast<double>(info.lambda[i]) * 4;
    EXPECT_NEAR(info.lambda[j], 0.75 + share / 4, 1e-6);
    for (size_t e = 0; e < kPixels; ++e) {
      const bool first = e / kSide % kSide < 4 && e % kSide < 4;
      const double a = static_cast<double>(before[i * kPixels + e]);
      const double b = static_cast<double>(before[j * kPixels + e]);
      EXPECT_NEAR(images[i * kPixels + e], first ? share * a + (1 - share) * b : b, 1e-5);
      EXPECT_NEAR(images[j * kPixels + e], first ? share * b + (1 - share) * a : b, 1e-5);
    }
  }
}

TEST_F(RmixTest, BadArgumentsLeaveTheBatchAsItWas) {
  const LoaderHandle loader = Open("[output]\nkeep_u8 = true\n");
  const BatchHandle batch = Next(loader.get());
  const BatchValue before = ValueOf(batch.get());
  const std::vector<float> maps(8 * 64, 1.0f);
  HR_INIT(hr_error, error);
  const auto refused = [&](const hr_rmix_config& config, const char* part, uint32_t side = 8,
                           uint64_t stride = 64, const uint8_t* q_index = nullptr) {
    EXPECT_EQ(hr_batch_rmix(batch.get(), &config, maps.data(), side, side, stride, q_index, nullptr,
                            &error),
              HR_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.text).find(part), std::string::npos) << error.text;
    EXPECT_EQ(ValueOf(batch.get()), before);
  };
  HR_INIT(hr_rmix_config, config);
  refused(config, "fewer cells", 1);
  refused(config, "grid is empty", 0);
  refused(config, "row_stride", 8, 63);
  const uint8_t q_index[8] = {0, 0, 10, 0, 0, 0, 0, 0};
  refused(config, "quantile index", 8, 64, q_index);
  const uint32_t patches[] = {2, 9};
  config.patch_count = 2;
  refused(config, "patch_count");
  config.patches = patches;
  refused(config, "picture's sides");
  config = {};
  config.struct_size = sizeof config;
  const double quantiles[] = {0.5, NAN};
  config.quantiles = quantiles;
  config.quantile_count = 2;
  refused(config, "from 0 to 1");
  config.quantile_count = 65;
  refused(config, "at most 64");
  config.quantile_count = 0;
  config.pairing = 3;
  refused(config, "pairing");
  config.pairing = 0;
  config.alpha = NAN;
  refused(config, "alpha");
  config.alpha = 0;
  config.label_smoothing = -1;
  refused(config, "label_smoothing");
  EXPECT_EQ(hr_batch_rmix(nullptr, nullptr, maps.data(), 8, 8, 64, nullptr, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_batch_rmix(batch.get(), nullptr, nullptr, 8, 8, 64, nullptr, nullptr, &error),
            HR_INVALID_ARGUMENT);

  const LoaderHandle without = Open("");
  const BatchHandle other = Next(without.get());
  EXPECT_EQ(hr_batch_rmix(other.get(), nullptr, maps.data(), 8, 8, 64, nullptr, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.text).find("keep_u8"), std::string::npos);
}

TEST_F(RmixTest, APaddedBatchMixesItsSamplesOnly) {
  const auto batches = DrainEpoch(
      MustOpen(Toml("[[mix]]\nop = \"rmix\"\n", "", "shuffle = \"none\"\ntail = \"pad\"")).get());
  ASSERT_EQ(batches.size(), 3u);
  const auto* partner = reinterpret_cast<const int32_t*>(batches[2].partner.data());
  const auto* lambda = reinterpret_cast<const float*>(batches[2].lambda.data());
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(i < 5 ? partner[i] < 5 : partner[i] == i);
    if (i < 5) continue;
    EXPECT_EQ(lambda[i], 1.0f);
    for (size_t e = 0; e < kPixels; ++e) {
      ASSERT_EQ(reinterpret_cast<const float*>(batches[2].images.data())[i * kPixels + e], 0.0f);
    }
  }
}

}  // namespace
}  // namespace headrace::testing
