// hr_transform_apply_image and hr_transform_convert: ops on pixels, and results as a loader writes
// them.
#include <gtest/gtest.h>
#include <headrace.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

struct TransformCloser {
  void operator()(hr_transform* transform) const { hr_transform_close(transform); }
};
using TransformHandle = std::unique_ptr<hr_transform, TransformCloser>;

TransformHandle Opened(const std::vector<const char*>& ops,
                       const std::vector<const char*>& overrides = {}) {
  HR_INIT(hr_options, options);
  options.overrides = overrides.data();
  options.override_count = static_cast<uint32_t>(overrides.size());
  hr_transform* raw = nullptr;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_transform_open(ops.data(), ops.size(), &options, &raw, &error), HR_OK) << error.text;
  return TransformHandle(raw);
}

hr_image ImageOf(const std::vector<uint8_t>& pixels, uint32_t width, uint32_t height,
                 uint32_t channels = 3) {
  HR_INIT(hr_image, image);
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.stride_bytes = uint64_t{width} * channels;
  image.pixels = pixels.data();
  return image;
}

std::vector<uint8_t> Bytes(const hr_image& image) {
  std::vector<uint8_t> out;
  for (uint32_t y = 0; y < image.height; ++y) {
    const uint8_t* row = image.pixels + y * image.stride_bytes;
    out.insert(out.end(), row, row + size_t{image.width} * image.channels);
  }
  return out;
}

hr_draw DrawOf(uint64_t seed, uint64_t sample) {
  HR_INIT(hr_draw, draw);
  draw.seed = seed;
  draw.sample_id = sample;
  draw.label = -1;
  return draw;
}

hr_image Apply(hr_transform* transform, const hr_image& image, const hr_draw& draw) {
  HR_INIT(hr_image, out);
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_transform_apply_image(transform, &image, &draw, &out, &error), HR_OK) << error.text;
  return out;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A picture whose pixels are the file's.
constexpr uint32_t kWidth = 61, kHeight = 47;
std::string PngOf(const TempFolder& folder) {
  const std::string path = folder / "one.png";
  WritePicture(path, kWidth, kHeight, 5);
  return ReadAll(path);
}

const char* const kLists[] = {
    "op = \"random_resized_crop\", size = 24",
    "op = \"resize\", size = 30",
    "op = \"random_rotation\", degrees = 40, interpolation = \"bilinear\"",
    "op = \"random_vertical_flip\"",
    "op = \"random_crop\", size = 32, padding = 4",
    "op = \"color_jitter\", brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1",
    "op = \"equalize\"",
    "op = \"gaussian_blur\"",
    "op = \"gaussian_noise\"",
    "op = \"random_erasing\", p = 1",
    "op = \"rand_augment\"",
    "op = \"aug_mix\"",
};

TEST(TransformTest, PixelsBecomeWhatTheirFileBecomes) {
  const TempFolder folder;
  const std::string file = PngOf(folder);
  const std::vector<uint8_t> pixels = TestPixels(kWidth, kHeight, 5);
  for (const char* op : kLists) {
    const TransformHandle of_file = Opened({op, "op = \"random_horizontal_flip\""});
    const TransformHandle of_pixels = Opened({op, "op = \"random_horizontal_flip\""});
    for (uint64_t sample = 0; sample < 6; ++sample) {
      const hr_draw draw = DrawOf(3, sample);
      HR_INIT(hr_image, expected);
      HR_INIT(hr_error, error);
      ASSERT_EQ(
          hr_transform_apply(of_file.get(), file.data(), file.size(), &draw, &expected, &error),
          HR_OK)
          << error.text;
      const hr_image found = Apply(of_pixels.get(), ImageOf(pixels, kWidth, kHeight), draw);
      ASSERT_EQ(found.width, expected.width) << op;
      ASSERT_EQ(found.height, expected.height) << op;
      EXPECT_EQ(Bytes(found), Bytes(expected)) << op << ", sample " << sample;
    }
  }
}

TEST(TransformTest, RowsMayLieApartAndTheCallersPixelsStay) {
  const std::vector<uint8_t> pixels = TestPixels(kWidth, kHeight, 5);
  constexpr size_t kStride = kWidth * 3 + 13;
  std::vector<uint8_t> apart(kStride * kHeight, 77);
  for (uint32_t y = 0; y < kHeight; ++y) {
    memcpy(&apart[y * kStride], &pixels[size_t{y} * kWidth * 3], kWidth * 3);
  }
  const std::vector<uint8_t> before = apart;
  hr_image image = ImageOf(apart, kWidth, kHeight);
  image.stride_bytes = kStride;
  const TransformHandle transform = Opened({"op = \"invert\"", "op = \"random_erasing\", p = 1"});
  const auto found = Bytes(Apply(transform.get(), image, DrawOf(0, 1)));
  EXPECT_EQ(apart, before);
  EXPECT_EQ(found, Bytes(Apply(transform.get(), ImageOf(pixels, kWidth, kHeight), DrawOf(0, 1))));
}

TEST(TransformTest, AGreyImageGivesTheGreyOfWhatItsColoursWould) {
  std::vector<uint8_t> grey(size_t{kWidth} * kHeight);
  std::vector<uint8_t> colours;
  for (size_t i = 0; i < grey.size(); ++i) {
    grey[i] = static_cast<uint8_t>(i * 37 >> 2);
    colours.insert(colours.end(), 3, grey[i]);
  }
  for (const char* op : kLists) {
    const TransformHandle transform = Opened({op, "op = \"random_horizontal_flip\", p = 1"});
    const hr_image rgb = Apply(transform.get(), ImageOf(colours, kWidth, kHeight), DrawOf(1, 4));
    std::vector<uint8_t> expected;
    const std::vector<uint8_t> bytes = Bytes(rgb);
    for (size_t i = 0; i < bytes.size(); i += 3) {
      expected.push_back(static_cast<uint8_t>(
          (19595u * bytes[i] + 38470u * bytes[i + 1] + 7471u * bytes[i + 2] + 32768u) >> 16));
    }
    const hr_image found = Apply(transform.get(), ImageOf(grey, kWidth, kHeight, 1), DrawOf(1, 4));
    EXPECT_EQ(found.channels, 1u);
    EXPECT_EQ(Bytes(found), expected) << op;
    // The crops of a grey result are grey.
    std::vector<hr_image> crops(10, hr_image{sizeof(hr_image)});
    ASSERT_EQ(hr_transform_crops(transform.get(), 5, 6, 10, crops.data(), nullptr), HR_OK);
    EXPECT_EQ(crops[9].channels, 1u);
    EXPECT_EQ(crops[0].pixels[0], expected[0]);
  }
}

TEST(TransformTest, TheLastResultMayGoInAgain) {
  const std::vector<uint8_t> pixels = TestPixels(kWidth, kHeight, 5);
  const TransformHandle transform = Opened({"op = \"random_horizontal_flip\", p = 1"});
  hr_image image = ImageOf(pixels, kWidth, kHeight);
  image = Apply(transform.get(), image, DrawOf(0, 0));
  EXPECT_NE(Bytes(image), pixels);
  image = Apply(transform.get(), image, DrawOf(0, 0));
  EXPECT_EQ(Bytes(image), pixels);
}

// Every type and layout, byte for byte what the loader writes for the same sample.
TEST(TransformTest, ConvertedPixelsAreTheLoaders) {
  const TempFolder folder;
  MakePictureSet(folder, 9, Kinds::kPngOnly);
  for (const char* dtype : {"u8", "f16", "bf16", "f32"}) {
    for (const char* layout : {"nchw", "nhwc"}) {
      for (const uint32_t channels : {1u, 3u}) {
        std::string output = std::string("dtype = \"") + dtype + "\"\nlayout = \"" + layout +
                             "\"\nchannels = " + std::to_string(channels) + "\n";
        if (std::string(dtype) != "u8") {
          output += channels == 1 ? "mean = [0.4]\nstd = [0.3]\n"
                                  : "mean = [0.4, 0.5, 0.6]\nstd = [0.2, 0.3, 0.4]\n";
        }
        const LoaderHandle loader = MustOpen(
            SmallConfig(folder.path(), "[output]\n" + output, "shuffle = \"none\"\nseed = 6\n"));
        const BatchHandle batch = Next(loader.get());
        const hr_batch_info info = InfoOf(batch.get());
        std::vector<std::string> keys;
        for (size_t begin = 0; begin < output.size();) {
          const size_t end = output.find('\n', begin);
          keys.push_back("output." + output.substr(begin, end - begin));
          begin = end + 1;
        }
        std::vector<const char*> overrides;
        for (const std::string& key : keys) overrides.push_back(key.c_str());
        const TransformHandle transform =
            Opened({"op = \"random_resized_crop\", size = 8", "op = \"random_horizontal_flip\""},
                   overrides);
        const size_t sample_bytes = info.images_bytes / info.count;
        for (uint32_t i = 0; i < info.count; ++i) {
          const std::string file =
              ReadAll(folder / hr_loader_sample_path(loader.get(), info.ids[i]));
          const hr_draw draw = DrawOf(6, static_cast<uint64_t>(info.ids[i]));
          HR_INIT(hr_image, image);
          ASSERT_EQ(
              hr_transform_apply(transform.get(), file.data(), file.size(), &draw, &image, nullptr),
              HR_OK);
          size_t needed = 0;
          ASSERT_EQ(hr_transform_convert(transform.get(), &image, nullptr, 0, &needed, nullptr),
                    HR_OK);
          ASSERT_EQ(needed, sample_bytes);
          std::vector<uint8_t> found(needed);
          ASSERT_EQ(
              hr_transform_convert(transform.get(), &image, found.data(), needed, nullptr, nullptr),
              HR_OK);
          EXPECT_EQ(memcmp(found.data(),
                           static_cast<const uint8_t*>(info.images) + i * sample_bytes, needed),
                    0)
              << dtype << " " << layout << " " << channels << " sample " << i;
        }
      }
    }
  }
}

TEST(TransformTest, AGreyImageConvertsToThreeChannels) {
  const std::vector<uint8_t> grey = {0, 128, 255, 9};
  const TransformHandle transform = Opened({}, {"output.dtype=u8", "output.layout=nhwc"});
  const hr_image image = ImageOf(grey, 2, 2, 1);
  std::vector<uint8_t> found(12);
  ASSERT_EQ(hr_transform_convert(transform.get(), &image, found.data(), 12, nullptr, nullptr),
            HR_OK);
  EXPECT_EQ(found, (std::vector<uint8_t>{0, 0, 0, 128, 128, 128, 255, 255, 255, 9, 9, 9}));
}

TEST(TransformTest, ImagesThatCannotBeAreRefused) {
  const std::vector<uint8_t> pixels(300, 1);
  const TransformHandle transform = Opened({}, {"limits.max_side=20", "limits.max_pixels=150"});
  const auto refused = [&](auto change, hr_status code, const char* text) {
    hr_image image = ImageOf(pixels, 10, 10);
    change(&image);
    HR_INIT(hr_image, out);
    HR_INIT(hr_error, error);
    EXPECT_EQ(hr_transform_apply_image(transform.get(), &image, nullptr, &out, &error), code);
    EXPECT_NE(std::string(error.text).find(text), std::string::npos) << error.text;
    if (code != HR_INVALID_ARGUMENT) return;
    EXPECT_EQ(hr_transform_convert(transform.get(), &image, nullptr, 0, nullptr, &error), code);
  };
  constexpr hr_status kInvalid = HR_INVALID_ARGUMENT;
  refused([](hr_image* i) { i->struct_size = 0; }, kInvalid, "struct_size");
  refused([](hr_image* i) { i->pixels = nullptr; }, kInvalid, "pixels are NULL");
  refused([](hr_image* i) { i->width = 0; }, kInvalid, "a side is 0");
  refused([](hr_image* i) { i->channels = 4; }, kInvalid, "channels must be 1 or 3");
  refused([](hr_image* i) { i->stride_bytes = 29; }, kInvalid, "stride");
  refused([](hr_image* i) { i->stride_bytes = UINT64_MAX / 4; }, kInvalid, "fit in memory");
  refused([](hr_image* i) { i->width = 30, i->height = 3, i->stride_bytes = 90; }, HR_LIMIT_PIXELS,
          "max_side");
  refused([](hr_image* i) { i->width = 20, i->height = 8, i->channels = 1; }, HR_LIMIT_PIXELS,
          "max_pixels");
  EXPECT_EQ(hr_transform_apply_image(transform.get(), nullptr, nullptr, nullptr, nullptr),
            kInvalid);
  EXPECT_EQ(hr_transform_apply_image(nullptr, nullptr, nullptr, nullptr, nullptr), kInvalid);
  // Room that is too small is not written to.
  const hr_image image = ImageOf(pixels, 10, 10);
  float number = 7;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_transform_convert(transform.get(), &image, &number, sizeof number, nullptr, &error),
            kInvalid);
  EXPECT_NE(std::string(error.text).find("1200 bytes are needed"), std::string::npos) << error.text;
  EXPECT_EQ(number, 7);
}

}  // namespace
}  // namespace headrace::testing
