#include "simd/ycc.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "simd/reference_ycc.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr double kMean[3] = {0.485, 0.456, 0.406};
constexpr double kStd[3] = {0.229, 0.224, 0.225};
constexpr Dtype kDtypes[] = {Dtype::kU8, Dtype::kF16, Dtype::kBF16, Dtype::kF32};
constexpr uint32_t kWidthMax = 4 * 64 + 3;  // of the longest vectors

// One plane in memory of exactly its size, so that a sanitizer sees what is read beyond it.
class ExactPlane {
 public:
  ExactPlane(SizePx size, uint32_t seed, size_t padding = 0)
      : stride_(size.width + padding),
        bytes_(new uint8_t[stride_ * (size.height - 1) + size.width]()),
        view_{bytes_.get(), size.width, size.height, 1, stride_} {
    FillTestPicture(view_, seed);
  }
  ConstImageView view() const { return view_; }

 private:
  size_t stride_;
  std::unique_ptr<uint8_t[]> bytes_;
  ImageView view_;
};

// Scratch of the size that is asked for, with a guard behind it.
class GuardedScratch {
 public:
  explicit GuardedScratch(uint64_t bytes)
      : size_(bytes), memory_(static_cast<std::byte*>(std::aligned_alloc(64, Whole() + 64))) {
    std::memset(memory_.get(), 0x5A, Whole() + 64);
  }
  std::span<std::byte> span() const { return {memory_.get(), size_}; }
  bool GuardIsIntact() const {
    return std::all_of(memory_.get() + size_, memory_.get() + Whole() + 64,
                       [](std::byte b) { return b == std::byte{0x5A}; });
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  size_t Whole() const { return (size_ + 63) / 64 * 64; }
  size_t size_;
  std::unique_ptr<std::byte, Free> memory_;
};

class YccOnTarget : public EveryTarget {
 protected:
  bool is_native() const { return GetParam() == SupportedTargets().front(); }

  // The picture that `job` shows, against the twin.
  static void ExpectTwin(const UpsampleJob& job) {
    const SizePx size = {static_cast<uint32_t>(job.source.width),
                         static_cast<uint32_t>(job.source.height)};
    GuardedPicture got(size, 3, size.width % 3), wanted(size, 3);
    const GuardedScratch scratch(UpsampleScratchBytes(size.width));
    UpsampleToRgb(job, got.view(), scratch.span());
    reference::UpsampleToRgb(job, wanted.view());
    ASSERT_EQ(got.Dense(), wanted.Dense()) << Describe(job);
    ASSERT_TRUE(got.GuardsAreIntact()) << Describe(job);
    ASSERT_TRUE(scratch.GuardIsIntact()) << Describe(job);
  }

  static std::string Describe(const UpsampleJob& job) {
    std::ostringstream text;
    const PlanarPicture& p = job.source;
    text << p.width << "x" << p.height << " at " << p.left << "," << p.top;
    for (uint32_t i = 0; i < p.count; ++i) {
      text << " | plane " << p.plane[i].width << "x" << p.plane[i].height << " shift "
           << int{p.across[i].shift} << "," << int{p.down[i].shift} << " offset "
           << p.across[i].offset << "," << p.down[i].offset << " smooth " << job.smooth[i];
    }
    return text.str();
  }

  // Three planes whose views hold, for a picture of `size` at (left, top), some more samples than
  // needed, the right ones, or some fewer, so that the ends are repeated.
  static void ExpectTwinOfRandomJob(SizePx size, std::mt19937& random) {
    const auto below = [&random](uint32_t n) { return static_cast<uint32_t>(random() % n); };
    UpsampleJob job;
    PlanarPicture& source = job.source;
    source.count = 3;
    source.left = below(5);
    source.top = below(5);
    source.width = size.width;
    source.height = size.height;
    const uint32_t right = static_cast<uint32_t>(source.left) + size.width;
    const uint32_t bottom = static_cast<uint32_t>(source.top) + size.height;
    job.colour = below(8) == 0 ? PlaneColour::kRgb : PlaneColour::kYcc;
    std::vector<std::unique_ptr<ExactPlane>> planes;
    planes.push_back(std::make_unique<ExactPlane>(SizePx{right + below(3), bottom + below(3)},
                                                  below(100), below(9)));
    for (uint32_t i = 1; i < 3; ++i) {
      source.across[i] = {static_cast<uint8_t>(below(2)), below(6)};
      source.down[i] = {static_cast<uint8_t>(below(2)), below(6)};
      job.smooth[i] = below(5) != 0;
      const uint32_t columns =
          ((right + source.across[i].offset - 1) >> source.across[i].shift) + 1;
      const uint32_t rows = ((bottom + source.down[i].offset - 1) >> source.down[i].shift) + 1;
      const auto about = [&](uint32_t n) { return std::max(n + below(5), 3u) - 2; };
      planes.push_back(
          std::make_unique<ExactPlane>(SizePx{about(columns), about(rows)}, below(100), below(9)));
    }
    for (uint32_t i = 0; i < 3; ++i) source.plane[i] = planes[i]->view();
    ExpectTwin(job);
  }
};
HEADRACE_ON_EVERY_TARGET(YccOnTarget);

// ------------------------------------------------------------------ colours

TEST_P(YccOnTarget, ConvertsEveryColourAsLibjpegDoes) {
  std::vector<uint8_t> y(65536), cb(65536), cr(65536), got(3 * 65536), wanted(3 * 65536);
  for (uint32_t i = 0; i < 65536; ++i) {
    cb[i] = static_cast<uint8_t>(i);
    cr[i] = static_cast<uint8_t>(i >> 8);
  }
  // Chroma is converted apart from y, so a few values show what is wrong on the other targets.
  const uint32_t step = is_native() ? 1 : has_one_lane() ? 85 : 15;
  for (uint32_t v = 0; v < 256; v += step) {
    std::fill(y.begin(), y.end(), static_cast<uint8_t>(v));
    const ConstImageView planes[3] = {{y.data(), 65536, 1, 1, 65536},
                                      {cb.data(), 65536, 1, 1, 65536},
                                      {cr.data(), 65536, 1, 1, 65536}};
    PlanesToRgb(planes, {got.data(), 65536, 1, 3, 3 * 65536});
    for (uint32_t i = 0; i < 65536; ++i) {
      reference::RgbOfYcc(y[i], cb[i], cr[i], wanted.data() + 3 * i);
    }
    ASSERT_EQ(got, wanted) << "y " << v;
  }
}

TEST_P(YccOnTarget, PlanesToRgbEqualsItsTwinAtEveryWidth) {
  for (uint32_t width = 1; width <= kWidthMax; ++width) {
    const ExactPlane y({width, 2}, width, 3), cb({width, 2}, width + 1), cr({width, 2}, width + 2);
    const ConstImageView planes[3] = {y.view(), cb.view(), cr.view()};
    for (const size_t count : {1u, 3u}) {
      GuardedPicture got({width, 2}, 3, 5), wanted({width, 2}, 3);
      PlanesToRgb({planes, count}, got.view());
      reference::PlanesToRgb({planes, count}, wanted.view());
      ASSERT_EQ(got.Dense(), wanted.Dense()) << width << " planes " << count;
      ASSERT_TRUE(got.GuardsAreIntact()) << width << " planes " << count;
    }
  }
}

TEST(YccTest, KnownColours) {
  const struct {
    uint8_t ycc[3];
    uint8_t rgb[3];
  } cases[] = {
      {{0, 128, 128}, {0, 0, 0}},    {{255, 128, 128}, {255, 255, 255}},
      {{76, 85, 255}, {254, 0, 0}},  {{150, 44, 21}, {0, 255, 1}},
      {{29, 255, 107}, {0, 0, 254}}, {{128, 0, 255}, {255, 81, 0}},
  };
  for (const auto& c : cases) {
    uint8_t rgb[3];
    reference::RgbOfYcc(c.ycc[0], c.ycc[1], c.ycc[2], rgb);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(int{rgb[i]}, int{c.rgb[i]}) << int{c.ycc[0]} << " " << i;
  }
}

// ------------------------------------------------------------------ upsampling

TEST_P(YccOnTarget, UpsamplingEqualsItsTwinAtEveryWidth) {
  const uint32_t seed = PropertySeed();
  SCOPED_TRACE("HEADRACE_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const int rounds = has_one_lane() ? 1 : 12;
  for (uint32_t width = 1; width <= kWidthMax; ++width) {
    for (int i = 0; i < rounds; ++i) {
      ExpectTwinOfRandomJob({width, 1 + static_cast<uint32_t>(random() % 4)}, random);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(YccOnTarget, UpsamplingEqualsItsTwinForEveryWayToHalveAtEveryParity) {
  const ExactPlane y({80, 12}, 0);
  for (uint32_t bits = 0; bits < 1u << 6; ++bits) {
    for (const uint32_t width : {1u, 2u, 3u, 16u, 37u, 70u}) {
      UpsampleJob job;
      job.source.count = 3;
      job.source.plane[0] = y.view();
      job.source.left = bits & 1;
      job.source.top = bits >> 1 & 1;
      job.source.width = width;
      job.source.height = 5;
      const ExactPlane cb({bits & 4 ? 40u : 80u, bits & 8 ? 6u : 12u}, 3);
      const ExactPlane cr({bits & 8 ? 40u : 80u, bits & 4 ? 6u : 12u}, 6);
      job.source.plane[1] = cb.view();
      job.source.plane[2] = cr.view();
      job.source.across[1] = {static_cast<uint8_t>(bits >> 2 & 1), bits >> 4 & 1};
      job.source.down[1] = {static_cast<uint8_t>(bits >> 3 & 1), bits >> 5 & 1};
      job.source.across[2] = {static_cast<uint8_t>(bits >> 3 & 1), bits >> 5 & 1};
      job.source.down[2] = {static_cast<uint8_t>(bits >> 2 & 1), bits >> 4 & 1};
      ExpectTwin(job);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(YccOnTarget, APictureOfOnePlaneIsGrey) {
  for (const uint32_t width : {1u, 7u, 64u, 131u}) {
    const ExactPlane y({width + 3, 5}, width);
    UpsampleJob job;
    job.source.plane[0] = y.view();
    job.source.left = 2;
    job.source.top = 1;
    job.source.width = width;
    job.source.height = 3;
    ExpectTwin(job);
    if (HasFatalFailure()) return;
  }
}

TEST(UpsampleTest, RepeatsAcrossWhereItIsNotSmooth) {
  const uint8_t y[4] = {100, 100, 100, 100};
  const uint8_t grey[4] = {128, 128, 128, 128};
  const uint8_t cr[2] = {120, 140};
  UpsampleJob job;
  job.colour = PlaneColour::kRgb;
  job.source.count = 3;
  job.source.width = 4;
  job.source.height = 1;
  job.source.plane[0] = {y, 4, 1, 1, 4};
  job.source.plane[1] = {grey, 4, 1, 1, 4};
  job.source.plane[2] = {cr, 2, 1, 1, 2};
  job.source.across[2].shift = 1;
  const GuardedScratch scratch(UpsampleScratchBytes(4));
  uint8_t rgb[12];
  const auto third = [&] { return std::vector<int>{rgb[2], rgb[5], rgb[8], rgb[11]}; };
  UpsampleToRgb(job, {rgb, 4, 1, 3, 12}, scratch.span());
  EXPECT_EQ(third(), (std::vector<int>{120, 125, 135, 140}));
  job.smooth[2] = false;
  UpsampleToRgb(job, {rgb, 4, 1, 3, 12}, scratch.span());
  EXPECT_EQ(third(), (std::vector<int>{120, 120, 140, 140}));
}

// ------------------------------------------------------------------ to the output

// The output's bytes, with a guard behind them that must survive.
template <class Function>
std::vector<uint8_t> Output(const ConstImageView& plane, Dtype dtype, const Function& convert) {
  const size_t bytes = 3 * plane.row_bytes() * plane.height * DtypeBytes(dtype);
  std::vector<uint8_t> out(bytes + 64, 0xA5);
  convert(out.data());
  EXPECT_EQ(std::vector<uint8_t>(64, 0xA5), std::vector<uint8_t>(out.end() - 64, out.end()));
  out.resize(bytes);
  return out;
}

// Both against the twin, and against the two steps that it stands for.
void ExpectTwoSteps(std::span<const ConstImageView> planes, FlipColumns flip,
                    const ConvertTable& table) {
  const auto got =
      Output(planes[0], table.dtype, [&](void* out) { ConvertPlanes(planes, flip, table, out); });
  const auto twin = Output(planes[0], table.dtype,
                           [&](void* out) { reference::ConvertPlanes(planes, flip, table, out); });
  const auto steps = Output(planes[0], table.dtype, [&](void* out) {
    GuardedPicture rgb(planes[0].size(), 3);
    PlanesToRgb(planes, rgb.view());
    Convert(rgb.view(), flip, table, out);
  });
  const auto describe = [&] {
    std::ostringstream text;
    text << planes[0].width << "x" << planes[0].height << " planes " << planes.size() << " dtype "
         << static_cast<int>(table.dtype) << " layout " << static_cast<int>(table.layout)
         << " flip " << static_cast<int>(flip) << " split " << table.split_is_exact;
    return text.str();
  };
  ASSERT_TRUE(got == twin) << describe();
  ASSERT_TRUE(got == steps) << describe();
}

struct Planes {
  Planes(SizePx size, uint32_t seed, size_t padding)
      : y(size, seed, padding), cb(size, seed + 1, padding), cr(size, seed + 2) {}
  std::span<const ConstImageView> Count(size_t count) const { return {views, count}; }
  ExactPlane y, cb, cr;
  ConstImageView views[3] = {y.view(), cb.view(), cr.view()};
};

TEST_P(YccOnTarget, ConvertPlanesEqualsTheTwoStepsAtEveryWidth) {
  const uint32_t step = has_one_lane() ? 16 : 1;
  for (const Dtype dtype : kDtypes) {
    for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
      const ConvertTable table = MakeConvertTable(dtype, layout, 3, kMean, kStd);
      for (uint32_t width = 1; width <= kWidthMax; width += step) {
        const Planes planes({width, 2}, width, width % 2 * 7);
        for (const size_t count : {1u, 3u}) {
          ExpectTwoSteps(planes.Count(count), FlipColumns::kNo, table);
          ExpectTwoSteps(planes.Count(count), FlipColumns::kYes, table);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(YccOnTarget, ConvertPlanesEqualsTheTwoStepsOnRowsLongerThanAPiece) {
  for (const Dtype dtype : kDtypes) {
    for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
      ConvertTable table = MakeConvertTable(dtype, layout, 3, kMean, kStd);
      for (const uint32_t width : {511u, 512u, 513u, 1100u}) {
        const Planes planes({width, 3}, width, width % 2 * 7);
        ExpectTwoSteps(planes.Count(3), FlipColumns::kNo, table);
        ExpectTwoSteps(planes.Count(3), FlipColumns::kYes, table);
        ExpectTwoSteps(planes.Count(1), FlipColumns::kYes, table);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(YccOnTarget, ConvertPlanesEqualsTheTwoStepsWithoutTheSplit) {
  const uint32_t seed = PropertySeed();
  SCOPED_TRACE("HEADRACE_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> mean(-0.2, 1.2), std(0.02, 2);
  for (int i = 0; i < 24; ++i) {
    const double means[3] = {mean(random), mean(random), mean(random)};
    const double stds[3] = {std(random), std(random), std(random)};
    ConvertTable table =
        MakeConvertTable(kDtypes[i % 4], i % 8 < 4 ? Layout::kNchw : Layout::kNhwc, 3, means, stds);
    const Planes planes({97, 3}, static_cast<uint32_t>(i), 0);
    ExpectTwoSteps(planes.Count(3), FlipColumns::kYes, table);
    table.split_is_exact = false;
    ExpectTwoSteps(planes.Count(3), FlipColumns::kYes, table);
    ExpectTwoSteps(planes.Count(3), FlipColumns::kNo, table);
    ExpectTwoSteps(planes.Count(1), FlipColumns::kNo, table);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace headrace::simd
