#include "simd/planes_resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string_view>

#include "simd/reference.h"
#include "simd/reference_planes.h"
#include "simd/resize_weights.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr Filter kFilters[] = {Filter::kBox, Filter::kBilinear, Filter::kHamming, Filter::kBicubic,
                               Filter::kLanczos};
constexpr std::string_view kFilterNames[] = {"box", "bilinear", "hamming", "bicubic", "lanczos"};

using Pixels = std::vector<uint8_t>;

// Scratch of exactly the promised size, with guard bytes behind it.
class Scratch {
 public:
  explicit Scratch(uint64_t bytes)
      : bytes_(bytes),
        memory_(static_cast<std::byte*>(
            std::aligned_alloc(64, (bytes_ + kGuardBytes + 63) / 64 * 64))) {
    std::fill_n(memory_.get() + bytes_, kGuardBytes, std::byte{0x5A});
  }
  std::span<std::byte> span() { return {memory_.get(), bytes_}; }
  bool GuardIsIntact() const {
    return std::all_of(memory_.get() + bytes_, memory_.get() + bytes_ + kGuardBytes,
                       [](std::byte b) { return b == std::byte{0x5A}; });
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  static constexpr size_t kGuardBytes = 64;
  size_t bytes_;
  std::unique_ptr<std::byte, Free> memory_;
};

// A picture with memory of its own, which ends where the last plane's pixels end.
struct TestPicture {
  // Planes 1 and 2 cover plane 0 from its first sample on, give or take `short_by` at the far end.
  TestPicture(SizePx size, uint32_t count, PlaneGrid across, PlaneGrid down, uint32_t seed,
              int short_by = 0) {
    source.count = count;
    source.width = size.width;
    source.height = size.height;
    for (uint32_t p = 0; p < count; ++p) {
      if (p > 0) source.across[p] = across;
      if (p > 0) source.down[p] = down;
      const SizePx plane = p == 0 ? size
                                  : SizePx{SamplesOf(size.width, across, short_by),
                                           SamplesOf(size.height, down, short_by)};
      planes[p] = std::make_unique<GuardedPicture>(plane, 1, seed % 5);
      FillTestPicture(planes[p]->view(), seed + p);
      source.plane[p] = planes[p]->view();
    }
  }
  static uint32_t SamplesOf(uint32_t full, const PlaneGrid& grid, int short_by) {
    const int covering = static_cast<int>((full - 1 + grid.offset) >> grid.shift) + 1;
    return static_cast<uint32_t>(std::max(covering - short_by, 1));
  }
  void Show(double left, double top, double width, double height) {
    source.left = left;
    source.top = top;
    source.width = width;
    source.height = height;
  }
  PlanarPicture source;
  std::unique_ptr<GuardedPicture> planes[3];
};

std::vector<Pixels> Resized(const PlanarPicture& source, SizePx size, Filter filter) {
  std::unique_ptr<GuardedPicture> targets[3];
  ImageView views[3];
  for (uint32_t p = 0; p < source.count; ++p) {
    targets[p] = std::make_unique<GuardedPicture>(size, 1, size.width % 3);
    views[p] = targets[p]->view();
  }
  Scratch scratch(ResizePlanesScratchBytes(source, size, filter));
  ResizePlanes(source, filter, views, scratch.span());
  EXPECT_TRUE(scratch.GuardIsIntact());
  std::vector<Pixels> planes;
  for (uint32_t p = 0; p < source.count; ++p) {
    EXPECT_TRUE(targets[p]->GuardsAreIntact());
    planes.push_back(targets[p]->Dense());
  }
  return planes;
}

std::vector<Pixels> ResizedByTwin(const PlanarPicture& source, SizePx size, Filter filter) {
  std::unique_ptr<GuardedPicture> targets[3];
  ImageView views[3];
  for (uint32_t p = 0; p < source.count; ++p) {
    targets[p] = std::make_unique<GuardedPicture>(size, 1);
    views[p] = targets[p]->view();
  }
  reference::ResizePlanes(source, filter, views);
  std::vector<Pixels> planes;
  for (uint32_t p = 0; p < source.count; ++p) planes.push_back(targets[p]->Dense());
  return planes;
}

std::string Described(const PlanarPicture& source, SizePx size, Filter filter) {
  std::ostringstream text;
  text << source.plane[0].width << "x" << source.plane[0].height << " showing " << source.left
       << "," << source.top << " " << source.width << "x" << source.height << " to " << size.width
       << "x" << size.height << " " << kFilterNames[static_cast<size_t>(filter)];
  for (uint32_t p = 1; p < source.count; ++p) {
    text << " plane " << p << " " << source.plane[p].width << "x" << source.plane[p].height
         << " shifts " << int{source.across[p].shift} << int{source.down[p].shift} << " offsets "
         << source.across[p].offset << "," << source.down[p].offset;
  }
  return text.str();
}

class PlanesResizeOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(PlanesResizeOnTarget);

TEST_P(PlanesResizeOnTarget, EqualsPillowWithABox) {
  const std::vector<std::string> lines = GoldenLines("resize_box_golden.tsv");
  ASSERT_GT(lines.size(), 200u);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (has_one_lane() && i % 4 != 0) continue;
    std::istringstream fields(lines[i]);
    SizePx size, out;
    uint32_t seed = 0, crc = 0;
    double left = 0, top = 0, width = 0, height = 0;
    std::string name;
    fields >> size.width >> size.height >> seed >> left >> top >> width >> height >> out.width >>
        out.height >> name >> std::hex >> crc;
    ASSERT_TRUE(fields) << lines[i];
    TestPicture picture(size, 1, {}, {}, seed);
    picture.Show(left, top, width, height);
    const auto filter = std::find(std::begin(kFilterNames), std::end(kFilterNames), name);
    const Pixels got = Resized(picture.source, out, kFilters[filter - std::begin(kFilterNames)])[0];
    EXPECT_EQ(Crc32(got.data(), got.size()), crc) << lines[i];
  }
}

TEST_P(PlanesResizeOnTarget, AWholeViewEqualsResize) {
  const uint32_t step = has_one_lane() ? 17 : 1;
  for (uint32_t width = 1; width <= 90; width += step) {
    TestPicture picture({width, 40}, 1, {}, {}, width);
    for (const SizePx size : {SizePx{31, 17}, {width + 9, 61}, {width, 23}, {64, 40}}) {
      const Filter filter = kFilters[width % 5];
      GuardedPicture target(size, 1);
      Scratch scratch(ResizeScratchBytes({width, 40}, size, 1, filter));
      Resize(picture.source.plane[0], target.view(), filter, Mirror::kNo, scratch.span());
      ASSERT_EQ(Resized(picture.source, size, filter)[0], target.Dense())
          << Described(picture.source, size, filter);
    }
  }
}

TEST_P(PlanesResizeOnTarget, EqualsItsTwinOnEveryGrid) {
  const uint32_t step = has_one_lane() ? 5 : 1;
  uint32_t number = 0;
  for (uint32_t shifts = 0; shifts < 4; ++shifts) {
    for (uint32_t offsets = 0; offsets < 16; offsets += step) {
      const PlaneGrid across = {static_cast<uint8_t>(shifts & 1), offsets & 3};
      const PlaneGrid down = {static_cast<uint8_t>(shifts >> 1), offsets >> 2};
      for (const SizePx size : {SizePx{53, 37}, {17, 16}, {5, 4}, {1, 1}}) {
        TestPicture picture(size, 3, across, down, ++number);
        for (const SizePx out : {size, SizePx{40, 50}, {29, size.height}, {size.width, 9}}) {
          const Filter filter = kFilters[number % 5];
          ASSERT_EQ(Resized(picture.source, out, filter),
                    ResizedByTwin(picture.source, out, filter))
              << Described(picture.source, out, filter);
        }
      }
    }
  }
}

TEST_P(PlanesResizeOnTarget, EqualsItsTwinOnRandomPictures) {
  const uint32_t seed = PropertySeed();
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  for (int i = 0; i < (has_one_lane() ? 40 : 400); ++i) {
    const SizePx size = {1 + below(below(8) == 0 ? 900 : 150), 1 + below(120)};
    const PlaneGrid across = {static_cast<uint8_t>(below(2)), below(4)};
    const PlaneGrid down = {static_cast<uint8_t>(below(2)), below(4)};
    // Planes that reach further, or not as far, as plane 0.
    const int short_by = below(3) == 0 ? static_cast<int>(below(9)) - 4 : 0;
    TestPicture picture(size, below(4) == 0 ? 1 : 3, across, down, below(100), short_by);
    const double step = std::array<double, 4>{1, 0.5, 0.25, 0.125}[below(4)];
    const auto part = [&](uint32_t px, double* start, double* length) {
      const auto steps = static_cast<uint32_t>(px / step);
      const uint32_t first = below(steps);
      *start = first * step;
      *length = (1 + below(steps - first)) * step;
    };
    if (below(3) != 0) {
      part(size.width, &picture.source.left, &picture.source.width);
      part(size.height, &picture.source.top, &picture.source.height);
    }
    SizePx out = {1 + below(150), 1 + below(100)};
    if (below(4) == 0) out.width = static_cast<uint32_t>(std::ceil(picture.source.width));
    if (below(4) == 0) out.height = static_cast<uint32_t>(std::ceil(picture.source.height));
    const Filter filter = kFilters[below(5)];
    ASSERT_EQ(Resized(picture.source, out, filter), ResizedByTwin(picture.source, out, filter))
        << "HEADRACE_TEST_SEED=" << seed << " case " << i << ": "
        << Described(picture.source, out, filter);
  }
}

// Windows of many lengths and distances between outputs: every way of loading blocks.
TEST_P(PlanesResizeOnTarget, EqualsItsTwinAtEveryScale) {
  for (uint32_t width = 20; width <= 420; width += has_one_lane() ? 80 : 3) {
    TestPicture picture({width, 35}, 3, {1, width % 4}, {0, 0}, width);
    const SizePx out = {35, 20 + width % 30};
    const Filter filter = kFilters[width % 5];
    ASSERT_EQ(Resized(picture.source, out, filter), ResizedByTwin(picture.source, out, filter))
        << Described(picture.source, out, filter);
  }
}

TEST_P(PlanesResizeOnTarget, AConstantPictureStaysConstant) {
  for (const uint8_t value : {uint8_t{0}, uint8_t{1}, uint8_t{128}, uint8_t{254}, uint8_t{255}}) {
    for (const uint8_t shift : {uint8_t{0}, uint8_t{1}}) {
      TestPicture picture({50, 37}, 3, {shift, 1}, {shift, 0}, 0);
      for (const auto& plane : picture.planes) {
        for (uint32_t y = 0; y < plane->view().height; ++y) {
          std::fill_n(plane->view().Row(y), plane->view().width, value);
        }
      }
      picture.Show(3.25, 1.5, 40.5, 30);
      for (const Filter filter : kFilters) {
        for (const SizePx size : {SizePx{24, 24}, {120, 90}, {1, 1}}) {
          for (const Pixels& got : Resized(picture.source, size, filter)) {
            ASSERT_EQ(got, Pixels(got.size(), value)) << int{value};
          }
        }
      }
    }
  }
}

TEST_P(PlanesResizeOnTarget, WhatNeedsNoFilterIsCutOut) {
  TestPicture picture({61, 45}, 3, {0, 2}, {0, 3}, 6);
  picture.Show(7, 11, 33, 21);
  const std::vector<Pixels> got = Resized(picture.source, {33, 21}, Filter::kLanczos);
  for (uint32_t p = 0; p < 3; ++p) {
    for (uint32_t y = 0; y < 21; ++y) {
      const uint8_t* row = picture.source.plane[p].Row(11 + y + (p > 0 ? 3 : 0));
      const Pixels expected(row + 7 + (p > 0 ? 2 : 0), row + 40 + (p > 0 ? 2 : 0));
      ASSERT_EQ(Pixels(got[p].begin() + y * 33, got[p].begin() + (y + 1) * 33), expected) << p;
    }
  }
}

// Doubled exactly (in sixteenths), then filtered with Pillow's weights before they are rounded.
class ExactTwin {
 public:
  ExactTwin(const PlanarPicture& source, uint32_t plane)
      : source_(source), plane_(plane), view_(source.plane[plane]) {}

  std::vector<double> Filtered(SizePx size, Filter filter) const {
    const SizePx full = source_.plane[0].size();
    const auto across = Weights(filter, full.width, source_.left, source_.width, size.width);
    const auto down = Weights(filter, full.height, source_.top, source_.height, size.height);
    std::vector<double> out;
    for (uint32_t y = 0; y < size.height; ++y) {
      for (uint32_t x = 0; x < size.width; ++x) {
        double sum = 0;
        for (size_t j = 0; j < down[y].real.size(); ++j) {
          for (size_t i = 0; i < across[x].real.size(); ++i) {
            const double weight = down[y].real[j] * across[x].real[i];
            sum += weight * Doubled(across[x].first + static_cast<uint32_t>(i),
                                    down[y].first + static_cast<uint32_t>(j));
          }
        }
        out.push_back(sum);
      }
    }
    return out;
  }

 private:
  struct Window {
    uint32_t first;
    std::vector<double> real;
  };
  static std::vector<Window> Weights(Filter filter, uint32_t in, double start, double length,
                                     uint32_t out) {
    const ResizeAxis axis = MakeBoxResizeAxis(filter, in, start, length, out);
    std::vector<Window> windows;
    for (uint32_t i = 0; i < out; ++i) {
      const ResizeWindow window = WindowOf(axis, i);
      Window made = {window.first, std::vector<double>(window.count)};
      std::vector<int32_t> fixed(window.count);
      FixedWeights(axis, i, window, made.real.data(), fixed.data());
      const double sum = std::accumulate(made.real.begin(), made.real.end(), 0.0);
      for (double& weight : made.real) weight /= sum;
      windows.push_back(std::move(made));
    }
    return windows;
  }
  struct Pair {
    uint32_t near;
    uint32_t far;
  };
  static Pair PairOf(uint32_t full, const PlaneGrid& grid, uint32_t in_px) {
    const auto at = static_cast<int>(full + grid.offset);
    const int near = at >> grid.shift;
    const int far = grid.shift == 0 ? near : at % 2 == 0 ? near - 1 : near + 1;
    const int last = static_cast<int>(in_px) - 1;
    return {static_cast<uint32_t>(std::clamp(near, 0, last)),
            static_cast<uint32_t>(std::clamp(far, 0, last))};
  }
  double Doubled(uint32_t x, uint32_t y) const {
    const Pair column = PairOf(x, source_.across[plane_], view_.width);
    const Pair row = PairOf(y, source_.down[plane_], view_.height);
    const int near = 3 * view_.Row(row.near)[column.near] + view_.Row(row.near)[column.far];
    const int far = 3 * view_.Row(row.far)[column.near] + view_.Row(row.far)[column.far];
    return (3 * near + far) / 16.0;
  }

  const PlanarPicture& source_;
  const uint32_t plane_;
  const ConstImageView view_;
};

TEST_P(PlanesResizeOnTarget, HalvedPlanesAreDoubledThenFilteredButForRounding) {
  uint32_t number = 0;
  for (const Filter filter : kFilters) {
    for (const SizePx out : {SizePx{23, 31}, {60, 20}, {90, 70}}) {
      const uint8_t down = number % 2;
      TestPicture picture({61, 47}, 3, {1, number % 4}, {down, number / 2 % 4}, 3 * number);
      picture.Show(5.5, 2.25, 50.125, 40.5);
      ++number;
      // Away from black and white: what negative lobes add there is cut off between the passes too.
      for (const auto& plane : picture.planes) {
        for (uint32_t y = 0; y < plane->view().height; ++y) {
          uint8_t* row = plane->view().Row(y);
          for (uint32_t x = 0; x < plane->view().width; ++x) row[x] = 64 + row[x] / 2;
        }
      }
      const std::vector<Pixels> got = Resized(picture.source, out, filter);
      for (uint32_t p = 1; p < 3; ++p) {
        const std::vector<double> exact = ExactTwin(picture.source, p).Filtered(out, filter);
        for (size_t i = 0; i < exact.size(); ++i) {
          // Half for rounding the pixel itself, half (more with negative lobes) for those between
          // the passes; the last is for the weights.
          const double bound = 0.5 + (filter >= Filter::kBicubic ? 0.75 : 0.5) + 0.01;
          ASSERT_LE(std::fabs(exact[i] - got[p][i]), bound)
              << Described(picture.source, out, filter) << " pixel " << i;
        }
      }
    }
  }
}

TEST(PlanesResizeTest, WeightsOfHalvedPlanesSumToOneExactly) {
  for (const Filter filter : kFilters) {
    for (uint32_t width = 1; width < 300; width += 7) {
      TestPicture picture({width, 9}, 3, {1, width % 4}, {1, width % 3}, 0);
      picture.Show(0, 0.5, width, 8.5);
      for (const uint32_t out : {1u, 31u, 224u}) {
        for (const auto side : {reference::PlaneSide::kAcross, reference::PlaneSide::kDown}) {
          for (const auto& window : reference::PlaneWindows(picture.source, 1, side, out, filter)) {
            ASSERT_EQ(std::accumulate(window.weights.begin(), window.weights.end(), 0), 1 << 22);
          }
        }
      }
    }
  }
}

TEST(PlanesResizeTest, ScratchOfAbsurdSizesSaturatesInsteadOfWrapping) {
  PlanarPicture source;
  source.count = 3;
  for (ConstImageView& plane : source.plane) plane = {nullptr, UINT32_MAX, UINT32_MAX, 1, 0};
  source.width = source.height = UINT32_MAX;
  EXPECT_GT(ResizePlanesScratchBytes(source, {UINT32_MAX, UINT32_MAX}, Filter::kLanczos),
            uint64_t{1} << 63);
  EXPECT_GT(ResizePlanesScratchBytes(source, {1, 1}, Filter::kLanczos), uint64_t{1} << 34);
}

}  // namespace
}  // namespace headrace::simd
