// simd/ycc.h against libjpeg-turbo: a picture's planes, as jpeg_read_raw_data gives them, and
// brought to RGB by us, are what jpeg_read_scanlines gives.
#include <gtest/gtest.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "simd/ycc.h"

namespace headrace::codecs {
namespace {

using simd::PlaneColour;
using simd::PlaneGrid;

struct Factor {
  int across;
  int down;
};

// How a file is made: sampling factors of each component, luma first, which has the highest.
struct Kind {
  const char* name;
  J_COLOR_SPACE space;
  int components;
  Factor factors[3];
};

constexpr Kind kKinds[] = {
    {"444", JCS_YCbCr, 3, {{1, 1}, {1, 1}, {1, 1}}},
    {"422", JCS_YCbCr, 3, {{2, 1}, {1, 1}, {1, 1}}},
    {"420", JCS_YCbCr, 3, {{2, 2}, {1, 1}, {1, 1}}},
    {"440", JCS_YCbCr, 3, {{1, 2}, {1, 1}, {1, 1}}},
    {"across_and_down", JCS_YCbCr, 3, {{2, 2}, {2, 1}, {1, 2}}},
    {"both_and_none", JCS_YCbCr, 3, {{2, 2}, {1, 1}, {2, 2}}},
    {"rgb", JCS_RGB, 3, {{1, 1}, {1, 1}, {1, 1}}},
    {"rgb_halved", JCS_RGB, 3, {{2, 2}, {1, 1}, {1, 2}}},
    {"grey", JCS_GRAYSCALE, 1, {{1, 1}}},
};

// ------------------------------------------------------------------ libjpeg-turbo
// What may jump has plain locals only; memory is the callers'.

struct Escape {
  jpeg_error_mgr errors;
  std::jmp_buf to;
};

[[noreturn]] void OnError(j_common_ptr jpeg) {
  std::longjmp(static_cast<Escape*>(jpeg->client_data)->to, 1);
}

jpeg_error_mgr* ErrorsOf(Escape* escape) {
  jpeg_std_error(&escape->errors);
  escape->errors.error_exit = OnError;
  return &escape->errors;
}

bool WriteUnderSetjmp(jpeg_compress_struct* jpeg, Escape* escape, const Kind& kind, uint8_t* rgb,
                      uint32_t width, uint32_t height, unsigned char** out, unsigned long* bytes) {
  if (setjmp(escape->to) != 0) return false;
  jpeg_create_compress(jpeg);
  jpeg_mem_dest(jpeg, out, bytes);
  jpeg->image_width = width;
  jpeg->image_height = height;
  jpeg->input_components = 3;
  jpeg->in_color_space = JCS_RGB;
  jpeg_set_defaults(jpeg);
  jpeg_set_colorspace(jpeg, kind.space);
  jpeg_set_quality(jpeg, 92, TRUE);
  for (int i = 0; i < kind.components; ++i) {
    jpeg->comp_info[i].h_samp_factor = kind.factors[i].across;
    jpeg->comp_info[i].v_samp_factor = kind.factors[i].down;
  }
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < height) {
    JSAMPROW row = rgb + size_t{3} * width * jpeg->next_scanline;
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
  return true;
}

std::vector<uint8_t> Written(const Kind& kind, std::vector<uint8_t>& rgb, SizePx size) {
  jpeg_compress_struct jpeg;
  Escape escape;
  std::memset(&jpeg, 0, sizeof(jpeg));
  jpeg.err = ErrorsOf(&escape);
  jpeg.client_data = &escape;
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
  const bool written =
      WriteUnderSetjmp(&jpeg, &escape, kind, rgb.data(), size.width, size.height, &bytes, &count);
  jpeg_destroy_compress(&jpeg);
  std::vector<uint8_t> file;
  if (written) file.assign(bytes, bytes + count);
  std::free(bytes);
  return file;
}

constexpr uint32_t kSideMax = 40;
// Whole MCUs of two blocks each way.
constexpr uint32_t kPlaneSide = 48;

struct Decoded {
  struct Plane {
    uint8_t samples[kPlaneSide][kPlaneSide];
    uint32_t width;
    uint32_t height;
    PlaneGrid across;
    PlaneGrid down;
  } planes[3];
  uint8_t rgb[kSideMax][kSideMax * 3];
};

void ReadPlanes(jpeg_decompress_struct* jpeg, Decoded* decoded) {
  jpeg->raw_data_out = TRUE;
  jpeg_start_decompress(jpeg);
  JSAMPROW rows[3][16];
  JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
  for (int i = 0; i < jpeg->num_components; ++i) {
    const jpeg_component_info& component = jpeg->comp_info[i];
    decoded->planes[i].width = component.downsampled_width;
    decoded->planes[i].height = component.downsampled_height;
    decoded->planes[i].across.shift = component.h_samp_factor < jpeg->max_h_samp_factor;
    decoded->planes[i].down.shift = component.v_samp_factor < jpeg->max_v_samp_factor;
  }
  for (int mcu_row = 0; jpeg->output_scanline < jpeg->output_height; ++mcu_row) {
    for (int i = 0; i < jpeg->num_components; ++i) {
      const int count = jpeg->comp_info[i].v_samp_factor * 8;
      for (int k = 0; k < count; ++k) {
        rows[i][k] = decoded->planes[i].samples[mcu_row * count + k];
      }
    }
    jpeg_read_raw_data(jpeg, arrays, static_cast<JDIMENSION>(jpeg->max_v_samp_factor * 8));
  }
}

void ReadRgb(jpeg_decompress_struct* jpeg, Decoded* decoded) {
  jpeg->out_color_space = JCS_RGB;
  jpeg_start_decompress(jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = decoded->rgb[jpeg->output_scanline];
    jpeg_read_scanlines(jpeg, &row, 1);
  }
}

bool ReadUnderSetjmp(jpeg_decompress_struct* jpeg, Escape* escape, const uint8_t* file,
                     size_t bytes, Decoded* decoded,
                     void (*read)(jpeg_decompress_struct*, Decoded*)) {
  if (setjmp(escape->to) != 0) return false;
  jpeg_create_decompress(jpeg);
  jpeg_mem_src(jpeg, file, bytes);
  jpeg_read_header(jpeg, TRUE);
  read(jpeg, decoded);
  jpeg_finish_decompress(jpeg);
  return true;
}

bool Read(const std::vector<uint8_t>& file, Decoded* decoded,
          void (*read)(jpeg_decompress_struct*, Decoded*)) {
  jpeg_decompress_struct jpeg;
  Escape escape;
  std::memset(&jpeg, 0, sizeof(jpeg));
  jpeg.err = ErrorsOf(&escape);
  jpeg.client_data = &escape;
  const bool done = ReadUnderSetjmp(&jpeg, &escape, file.data(), file.size(), decoded, read);
  const bool clean = escape.errors.num_warnings == 0;
  jpeg_destroy_decompress(&jpeg);
  return done && clean;
}

// ------------------------------------------------------------------ pictures and views

std::vector<uint8_t> Picture(SizePx size, bool smooth, std::mt19937& random) {
  std::vector<uint8_t> rgb(size_t{3} * size.width * size.height);
  for (size_t i = 0; i < rgb.size(); ++i) {
    const size_t pixel = i / 3;
    const size_t ramp = 6 * (pixel % size.width) * (i % 3) + 5 * (pixel / size.width);
    rgb[i] = static_cast<uint8_t>(smooth ? ramp + random() % 4 : random());
  }
  return rgb;
}

uint32_t Between(uint32_t low, uint32_t high, std::mt19937& random) {
  return low + static_cast<uint32_t>(random() % (high - low + 1));
}

// Part of one axis of a plane: what a decoder of regions would have of it.
struct Part {
  uint32_t begin;
  uint32_t end;
};

// Some part that holds what samples [first, last] of plane 0 need, neighbours included, and begins
// no later than sample `origin` of plane 0.
Part PartFor(uint32_t first, uint32_t last, uint32_t origin, uint8_t shift, uint32_t length,
             std::mt19937& random) {
  const uint32_t needed = first >> shift;
  const uint32_t begin_max = std::min(needed == 0 ? 0 : needed - 1, origin >> shift);
  const uint32_t end_min = std::min((last >> shift) + 2, length);
  return {Between(0, begin_max, random), Between(end_min, length, random)};
}

simd::UpsampleJob JobFor(const Kind& kind, const Decoded& decoded, const RectPx& rect,
                         std::mt19937& random) {
  simd::UpsampleJob job;
  job.colour = kind.space == JCS_RGB ? PlaneColour::kRgb : PlaneColour::kYcc;
  job.source.count = static_cast<uint32_t>(kind.components);
  const uint32_t right = rect.x + rect.width - 1;
  const uint32_t bottom = rect.y + rect.height - 1;
  // Where the view of plane 0 begins.
  const uint32_t x = Between(0, rect.x, random);
  const uint32_t y = Between(0, rect.y, random);
  for (uint32_t i = 0; i < job.source.count; ++i) {
    const Decoded::Plane& plane = decoded.planes[i];
    Part columns = PartFor(rect.x, right, x, plane.across.shift, plane.width, random);
    Part rows = PartFor(rect.y, bottom, y, plane.down.shift, plane.height, random);
    if (i == 0) {
      columns.begin = x;
      rows.begin = y;
    }
    job.source.plane[i] = {&plane.samples[rows.begin][columns.begin], columns.end - columns.begin,
                           rows.end - rows.begin, 1, kPlaneSide};
    job.source.across[i] = {plane.across.shift, x - (columns.begin << plane.across.shift)};
    job.source.down[i] = {plane.down.shift, y - (rows.begin << plane.down.shift)};
    job.smooth[i] = plane.width > 2;
  }
  job.source.left = rect.x - x;
  job.source.top = rect.y - y;
  job.source.width = rect.width;
  job.source.height = rect.height;
  return job;
}

class YccOracle : public testing::TestWithParam<Kind> {
 protected:
  void ExpectEqual(const Decoded& decoded, const RectPx& rect) {
    const simd::UpsampleJob job = JobFor(GetParam(), decoded, rect, random_);
    std::vector<uint8_t> rgb(size_t{3} * rect.width * rect.height);
    simd::UpsampleToRgb(job, {rgb.data(), rect.width, rect.height, 3, size_t{3} * rect.width},
                        scratch());
    for (uint32_t y = 0; y < rect.height; ++y) {
      const uint8_t* wanted = decoded.rgb[rect.y + y] + size_t{3} * rect.x;
      ASSERT_EQ(
          std::memcmp(rgb.data() + size_t{3} * rect.width * y, wanted, size_t{3} * rect.width), 0)
          << "row " << y << " of " << rect.width << "x" << rect.height << " at " << rect.x << ","
          << rect.y;
    }
  }

  void ExpectEqualPicture(SizePx size, bool smooth) {
    std::vector<uint8_t> picture = Picture(size, smooth, random_);
    const std::vector<uint8_t> file = Written(GetParam(), picture, size);
    ASSERT_FALSE(file.empty());
    const auto decoded = std::make_unique<Decoded>();
    ASSERT_TRUE(Read(file, decoded.get(), ReadPlanes));
    ASSERT_TRUE(Read(file, decoded.get(), ReadRgb));
    ExpectEqual(*decoded, {0, 0, size.width, size.height});
    for (int i = 0; i < 3; ++i) {
      RectPx rect = {Between(0, size.width - 1, random_), Between(0, size.height - 1, random_)};
      rect.width = Between(1, size.width - rect.x, random_);
      rect.height = Between(1, size.height - rect.y, random_);
      ExpectEqual(*decoded, rect);
      if (HasFatalFailure()) return;
    }
  }

  static uint32_t Seed() {
    const char* text = std::getenv("HEADRACE_TEST_SEED");
    return text != nullptr ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : 20260420u;
  }

 private:
  std::span<std::byte> scratch() {
    const uint64_t bytes = simd::UpsampleScratchBytes(kSideMax);
    if (!scratch_) scratch_.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
    return {scratch_.get(), bytes};
  }
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> scratch_;
  std::mt19937 random_{Seed()};
};

TEST_P(YccOracle, UpsamplingEqualsLibjpegTurboForEverySizeAndRectangle) {
  SCOPED_TRACE("HEADRACE_TEST_SEED=" + std::to_string(Seed()));
  for (uint32_t height = 1; height <= kSideMax; ++height) {
    for (uint32_t width = 1; width <= kSideMax; ++width) {
      SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
      ExpectEqualPicture({width, height}, (width + height) % 3 == 0);
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, YccOracle, testing::ValuesIn(kKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace headrace::codecs
