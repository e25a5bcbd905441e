// hr_loader_replay and hr_transform_crops: what a sample drew, and the crops of an evaluation.
#include <gtest/gtest.h>
#include <headrace.h>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

struct TransformCloser {
  void operator()(hr_transform* transform) const { hr_transform_close(transform); }
};
using TransformHandle = std::unique_ptr<hr_transform, TransformCloser>;

TransformHandle MustOpenOps(const std::string& op) {
  hr_transform* raw = nullptr;
  HR_INIT(hr_error, error);
  const char* ops[] = {op.c_str()};
  EXPECT_EQ(hr_transform_open(ops, 1, nullptr, &raw, &error), HR_OK) << error.text << "\n" << op;
  return TransformHandle(raw);
}

std::string Replay(const hr_loader* loader, int64_t id, uint32_t epoch) {
  HR_INIT(hr_error, error);
  size_t needed = 0;
  std::string text(1 << 16, '\0');
  EXPECT_EQ(hr_loader_replay(loader, id, epoch, 0, text.data(), text.size(), &needed, &error),
            HR_OK)
      << error.text;
  text.resize(needed - 1);
  return text;
}

std::vector<std::byte> BytesOf(const hr_loader* loader, int64_t id) {
  size_t needed = 0;
  EXPECT_EQ(hr_loader_sample_read(loader, id, nullptr, 0, &needed, nullptr), HR_OK);
  std::vector<std::byte> bytes(needed);
  EXPECT_EQ(hr_loader_sample_read(loader, id, bytes.data(), needed, &needed, nullptr), HR_OK);
  return bytes;
}

// Dense RGB.
std::string PixelsOf(const hr_image& image) {
  std::string pixels;
  for (uint32_t y = 0; y < image.height; ++y) {
    const auto* row = reinterpret_cast<const char*>(image.pixels + y * image.stride_bytes);
    pixels.append(row, size_t{image.width} * 3);
  }
  return pixels;
}

TEST(ReplayTest, GivesTheLoadersPixelsForEverySampleAndEpoch) {
  TempFolder folder;
  MakePictureSet(folder, 12);
  const LoaderHandle loader = MustOpen(
      SmallConfig(folder.path(),
                  "[[augment]]\nop = \"random_vertical_flip\"\n"
                  "[output]\ndtype = \"u8\"\nlayout = \"nhwc\"\n[decode]\njpeg = \"exact\"\n",
                  "tail = \"exact\""));
  for (uint32_t epoch = 0; epoch < 3; ++epoch) {
    for (const BatchValue& batch : DrainEpoch(loader.get())) {
      const auto ids = batch.Ids();
      const size_t bytes = batch.images.size() / ids.size();
      for (size_t i = 0; i < ids.size(); ++i) {
        const std::string toml = Replay(loader.get(), ids[i], epoch);
        const std::vector<std::byte> file = BytesOf(loader.get(), ids[i]);
        const TransformHandle transform = MustOpenOps(toml);
        HR_INIT(hr_image, image);
        ASSERT_EQ(
            hr_transform_apply(transform.get(), file.data(), file.size(), nullptr, &image, nullptr),
            HR_OK);
        ASSERT_EQ(PixelsOf(image), batch.images.substr(i * bytes, bytes)) << toml;
      }
    }
  }
}

TEST(ReplayTest, RefusesWhatIsNotThere) {
  TempFolder folder;
  MakePictureSet(folder, 10);
  folder.Write("a/0008.png", "not a picture");
  const LoaderHandle loader = MustOpen(SmallConfig(folder.path()));
  HR_INIT(hr_error, error);
  const auto replay = [&](int64_t id, uint32_t view) {
    return hr_loader_replay(loader.get(), id, 0, view, nullptr, 0, nullptr, &error);
  };
  EXPECT_EQ(replay(-1, 0), HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "found sample id -1, expected 0 to 10");
  EXPECT_EQ(replay(99, 0), HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "found sample id 99, expected 0 to 10");
  EXPECT_EQ(replay(0, 1), HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "found view 1, expected 0 to 0");
  EXPECT_EQ(hr_loader_replay(loader.get(), 0, (1U << 24) - 1, 0, nullptr, 0, nullptr, &error),
            HR_OK);
  EXPECT_EQ(hr_loader_replay(loader.get(), 0, 1U << 24, 0, nullptr, 0, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "epoch: found 16777216, must be below 16777216");
  EXPECT_EQ(hr_loader_set_epoch(loader.get(), 1U << 24, &error), HR_INVALID_ARGUMENT);
  size_t needed = 0;
  EXPECT_EQ(hr_loader_sample_read(loader.get(), 11, nullptr, 0, &needed, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "found sample id 11, expected 0 to 10");
  EXPECT_EQ(hr_loader_sample_read(loader.get(), 9, nullptr, 1, &needed, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "bytes is NULL");
  int64_t bad = 0;
  while (std::string(hr_loader_sample_path(loader.get(), bad)) != "a/0008.png") ++bad;
  EXPECT_NE(replay(bad, 0), HR_OK);
  EXPECT_NE(std::string(error.text).find("a/0008.png"), std::string::npos) << error.text;
  EXPECT_EQ(error.sample_id, bad);
}

TEST(TransformCropsTest, FiveAreTheCornersAndTheMiddleAndFiveMoreTheirMirrorImages) {
  TempFolder folder;
  WritePicture(folder / "x.png", 31, 22, 1);
  const std::vector<uint8_t> pixels = TestPixels(31, 22, 1);
  const TransformHandle transform = MustOpenOps("op = \"random_horizontal_flip\", p = 0");
  std::vector<std::byte> file(1 << 16);
  FILE* opened = fopen((folder / "x.png").c_str(), "rb");
  ASSERT_NE(opened, nullptr);
  file.resize(fread(file.data(), 1, file.size(), opened));
  fclose(opened);
  hr_image crops[10];
  for (hr_image& crop : crops) crop.struct_size = sizeof crop;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_transform_crops(transform.get(), 8, 10, 5, crops, &error), HR_INVALID_ARGUMENT)
      << "nothing was applied yet";
  HR_INIT(hr_image, image);
  ASSERT_EQ(hr_transform_apply(transform.get(), file.data(), file.size(), nullptr, &image, nullptr),
            HR_OK);
  ASSERT_EQ(hr_transform_crops(transform.get(), 8, 10, 10, crops, &error), HR_OK) << error.text;
  // (22 - 8) / 2 = 7; (31 - 10) / 2 = 10.5, half to even.
  const size_t places[5][2] = {{0, 0}, {0, 21}, {14, 0}, {14, 21}, {7, 10}};
  for (size_t i = 0; i < 10; ++i) {
    const auto [top, left] = places[i % 5];
    ASSERT_EQ(crops[i].width, 10u);
    ASSERT_EQ(crops[i].height, 8u);
    for (size_t y = 0; y < 8; ++y) {
      for (size_t x = 0; x < 10; ++x) {
        const size_t from = i < 5 ? x : 9 - x;
        const uint8_t* wanted = &pixels[((top + y) * 31 + left + from) * 3];
        ASSERT_EQ(memcmp(crops[i].pixels + y * crops[i].stride_bytes + x * 3, wanted, 3), 0)
            << "crop " << i;
      }
    }
  }
}

}  // namespace
}  // namespace headrace::testing
