#include "simd/mix_chains.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "simd/reference_mix.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

// Memory for sums, aligned, of exactly the bytes that were asked for, so that a tool sees any more.
class Sums {
 public:
  explicit Sums(size_t bytes)
      : bytes_(bytes), memory_(new (std::align_val_t{64}) std::byte[bytes]) {}
  std::span<std::byte> span() const { return {memory_.get(), bytes_}; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { operator delete[](memory, std::align_val_t{64}); }
  };
  size_t bytes_;
  std::unique_ptr<std::byte[], Free> memory_;
};

struct Functions {
  void (*add)(const ConstImageView&, float, MixSums, std::span<std::byte>);
  void (*finish)(const ConstImageView&, float, std::span<const std::byte>, const ImageView&);
};
constexpr Functions kTested = {AddToMix, FinishMix};
constexpr Functions kTwin = {reference::AddToMix, reference::FinishMix};

void Mix(const Functions& functions, const ConstImageView& picture,
         const std::vector<ConstImageView>& chains, const std::vector<float>& weights, float share,
         const ImageView& out) {
  const Sums sums(MixSumsBytes(picture.size(), picture.channels));
  for (size_t i = 0; i < chains.size(); ++i) {
    functions.add(chains[i], weights[i], i == 0 ? MixSums::kBegin : MixSums::kGoOn, sums.span());
  }
  functions.finish(picture, share, sums.span(), out);
}

class MixChainsOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(MixChainsOnTarget);

TEST_P(MixChainsOnTarget, EqualsItsTwinAtEveryWidth) {
  std::mt19937 random(PropertySeed());
  std::uniform_real_distribution<float> unit(0, 1);
  for (const uint32_t channels : {1u, 3u}) {
    for (uint32_t width = 1; width <= 4 * 64 / channels + 3; ++width) {
      const SizePx size = {width, 1 + width % 4};
      SCOPED_TRACE(std::to_string(width) + " wide, " + std::to_string(channels) + " channels");
      // Strides differ, as they do between a crop and what ops made of it.
      const GuardedPicture picture(size, channels, width % 5), first(size, channels),
          second(size, channels, 7), out(size, channels, width % 3), wanted(size, channels);
      FillTestPicture(picture.view(), width);
      FillTestPicture(first.view(), width + 1);
      FillTestPicture(second.view(), width + 2);
      // Weights that add up to more than one cut at 255.
      const std::vector<float> weights = {unit(random), unit(random), unit(random)};
      const std::vector<ConstImageView> chains = {first.view(), second.view(), picture.view()};
      const float share = unit(random);
      Mix(kTested, picture.view(), chains, weights, share, out.view());
      Mix(kTwin, picture.view(), chains, weights, share, wanted.view());
      ASSERT_EQ(out.Dense(), wanted.Dense());
      ASSERT_TRUE(out.GuardsAreIntact());
      // In place.
      Mix(kTested, picture.view(), chains, weights, share, picture.view());
      ASSERT_EQ(picture.Dense(), wanted.Dense());
      ASSERT_TRUE(picture.GuardsAreIntact());
    }
  }
}

TEST_P(MixChainsOnTarget, HalvesGoToTheEvenNeighbour) {
  const GuardedPicture picture({4, 1}, 1), chain({4, 1}, 1), out({4, 1}, 1);
  const uint8_t values[] = {1, 3, 0, 255}, others[] = {2, 4, 1, 254};
  std::copy_n(values, 4, picture.view().Row(0));
  std::copy_n(others, 4, chain.view().Row(0));
  Mix(kTested, picture.view(), {chain.view()}, {1.0f}, 0.5f, out.view());
  EXPECT_EQ(out.Dense(), (std::vector<uint8_t>{2, 4, 0, 254}));
}

TEST_P(MixChainsOnTarget, AShareOfNoneIsThePictureAndOfAllTheChains) {
  const SizePx size = {37, 5};
  const GuardedPicture picture(size, 3), first(size, 3), second(size, 3), out(size, 3);
  FillTestPicture(picture.view(), 0);
  FillTestPicture(first.view(), 1);
  FillTestPicture(second.view(), 2);
  Mix(kTested, picture.view(), {first.view(), second.view()}, {0.3f, 0.7f}, 0.0f, out.view());
  EXPECT_EQ(out.Dense(), picture.Dense());
  Mix(kTested, picture.view(), {first.view(), second.view()}, {1.0f, 0.0f}, 1.0f, out.view());
  EXPECT_EQ(out.Dense(), first.Dense());
}

TEST_P(MixChainsOnTarget, EqualPicturesStayWhateverTheWeights) {
  const GuardedPicture picture({256, 1}, 1), out({256, 1}, 1);
  for (size_t i = 0; i < 256; ++i) picture.view().Row(0)[i] = static_cast<uint8_t>(i);
  std::mt19937 random(PropertySeed());
  std::uniform_real_distribution<float> unit(0, 1);
  for (int turn = 0; turn < 100; ++turn) {
    const float a = unit(random), b = (1 - a) * unit(random), c = 1 - a - b;
    Mix(kTested, picture.view(), {picture.view(), picture.view(), picture.view()}, {a, b, c},
        unit(random), out.view());
    ASSERT_EQ(out.Dense(), picture.Dense());
  }
}

TEST_P(MixChainsOnTarget, EqualsItsTwinForManyWeights) {
  // With half the share to each side, many results lie near a half, where a fused product tells.
  const SizePx size = {256, 1};
  const GuardedPicture picture(size, 1), chain(size, 1), out(size, 1), wanted(size, 1);
  std::mt19937 random(PropertySeed());
  std::uniform_real_distribution<float> unit(0, 1);
  for (int turn = 0; turn < 2000; ++turn) {
    FillTestPicture(picture.view(), static_cast<uint32_t>(turn));
    FillTestPicture(chain.view(), static_cast<uint32_t>(turn) + 1);
    const float weight = unit(random), share = 0.5f;
    Mix(kTested, picture.view(), {chain.view(), picture.view()}, {weight, 1 - weight}, share,
        out.view());
    Mix(kTwin, picture.view(), {chain.view(), picture.view()}, {weight, 1 - weight}, share,
        wanted.view());
    ASSERT_EQ(out.Dense(), wanted.Dense()) << turn;
    if (has_one_lane() && turn > 100) break;
  }
}

}  // namespace
}  // namespace headrace::simd
