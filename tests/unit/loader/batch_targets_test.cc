#include "loader/objects/batch_targets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loader/objects/coco_rle.h"
#include "loader/objects/raster.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

constexpr SizePx kSize = {40, 20};
constexpr uint32_t kRows = 3;

// Row 0: a box at the left and one at the right; row 1: one in the middle; row 2: nothing.
class BatchTargetsTest : public ::testing::Test {
 protected:
  BatchTargetsTest() {
    targets_.Prepare(kRows, kSize);
    BatchShape shape;
    shape.batch_size = kRows;
    mix_.Prepare(shape, {.masks = 2});
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {BoxRing(2, 2, 10, 10)});
    AddOutline(&list, {BoxRing(28, 2, 10, 10)});
    maker_.Make(list, &targets_.row(0));
    list.Clear(kSize);
    AddOutline(&list, {BoxRing(10, 5, 20, 10)})->id = 200;
    maker_.Make(list, &targets_.row(1));
    partner_ = {1, 0, 2};
  }

  const TargetArrays& Join(MixKind kind) {
    mix_.kind = kind;
    EXPECT_TRUE(targets_.Join(mix_, partner_, kRows));
    return targets_.arrays();
  }
  static std::vector<int64_t> Offsets(const TargetArrays& arrays) {
    return {arrays.offsets, arrays.offsets + kRows + 1};
  }
  static std::vector<float> Box(const TargetArrays& arrays, size_t i) {
    return {arrays.boxes + 4 * i, arrays.boxes + 4 * i + 4};
  }
  // Its mask: how many pixels, and their box.
  static MaskExtent Extent(const TargetArrays& arrays, size_t i) {
    const int64_t first = arrays.mask_offsets[i];
    std::vector<uint32_t> runs;
    EXPECT_TRUE(
        DecodeRle({arrays.masks + first, static_cast<size_t>(arrays.mask_offsets[i + 1] - first)},
                  kSize, &runs)
            .ok());
    return ExtentOfRuns(kSize, runs);
  }

  TargetMaker maker_;
  BatchTargets targets_;
  BatchMix mix_;
  std::vector<int32_t> partner_;
};

using Floats = std::vector<float>;
using Numbers = std::vector<int64_t>;

TEST_F(BatchTargetsTest, UnmixedRowsStandOneAfterTheOther) {
  const TargetArrays& arrays = Join(MixKind::kNone);
  EXPECT_EQ(arrays.count, 3u);
  EXPECT_EQ(Offsets(arrays), (Numbers{0, 2, 3, 3}));
  EXPECT_EQ(Box(arrays, 0), (Floats{2, 2, 12, 12}));
  EXPECT_EQ(Box(arrays, 2), (Floats{10, 5, 30, 15}));
  EXPECT_EQ(arrays.ids[2], 200);
  EXPECT_EQ(arrays.area[2], 200);
  EXPECT_EQ(arrays.weights[2], 1);
  EXPECT_EQ(arrays.flags[0], 0);
  EXPECT_EQ(Extent(arrays, 2).area_px, 200u);
  EXPECT_EQ(Extent(arrays, 2).box, (RectPx{10, 5, 20, 10}));
}

TEST_F(BatchTargetsTest, MixupJoinsBothListsWithTheirShares) {
  mix_.share = {0.25f, 0.5f, 1.0f};
  const TargetArrays& arrays = Join(MixKind::kMixup);
  EXPECT_EQ(Offsets(arrays), (Numbers{0, 3, 6, 6}));
  EXPECT_EQ(Floats(arrays.weights, arrays.weights + 6), (Floats{0.25, 0.25, 0.75, 0.5, 0.5, 0.5}));
  EXPECT_EQ(Numbers(arrays.ids, arrays.ids + 6), (Numbers{100, 101, 200, 200, 100, 101}));
}

TEST_F(BatchTargetsTest, MixupLeavesOutWhatHasNoShare) {
  mix_.share = {1.0f, 0.0f, 1.0f};
  EXPECT_EQ(Offsets(Join(MixKind::kMixup)), (Numbers{0, 2, 4, 4}));
}

TEST_F(BatchTargetsTest, CutMixShowsOwnObjectsOutsideAndThePartnersInside) {
  // Row 0: its left half is the partner's. Row 1 stays as it is.
  mix_.box = {RectPx{0, 0, 20, 20}, RectPx{}, RectPx{}};
  const TargetArrays& arrays = Join(MixKind::kCutMix);
  EXPECT_EQ(Offsets(arrays), (Numbers{0, 2, 3, 3}));
  EXPECT_EQ(arrays.ids[0], 101) << "the right one; the left one is hidden";
  EXPECT_EQ(arrays.flags[0], 0);
  EXPECT_EQ(arrays.ids[1], 200);
  EXPECT_EQ(arrays.flags[1], kObjectOccluded);
  EXPECT_EQ(Box(arrays, 1), (Floats{10, 5, 20, 15}));
  EXPECT_EQ(arrays.area[1], 100);
  EXPECT_EQ(Extent(arrays, 1).box, (RectPx{10, 5, 10, 10}));
  EXPECT_EQ(arrays.weights[1], 1);
  EXPECT_EQ(arrays.flags[2], 0) << "row 1 is not mixed";
}

TEST_F(BatchTargetsTest, CutMixDropsWhatIsHiddenToMoreThanNineTenths) {
  for (const auto& [top, stays] : {std::pair{11u, true}, std::pair{12u, false}}) {
    // Of the box in rows 2 to 11 of row 0, whatever is in rows below `top` only.
    mix_.box = {RectPx{0, 0, 40, top}, RectPx{}, RectPx{}};
    const TargetArrays& arrays = Join(MixKind::kCutMix);
    const bool found = std::find(arrays.ids, arrays.ids + arrays.offsets[1], 100) !=
                       arrays.ids + arrays.offsets[1];
    EXPECT_EQ(found, stays) << top;
  }
}

TEST_F(BatchTargetsTest, RmixWeighsByWhatIsBlended) {
  mix_.patches = 2;
  mix_.share = {0.3f, 0.7f, 1.0f};
  mix_.masks[0] = 0b0001;  // row 0: the upper left patch is salient
  mix_.masks[1] = 0b1000;  // row 1: the lower right one
  const TargetArrays& arrays = Join(MixKind::kRmix);
  // Row 0: upper left its own, lower right the partner's, the others blended. Its left box is in
  // rows 2 to 11 of the left patches: 80 pixels are its own, 20 blended.
  ASSERT_EQ(arrays.offsets[1], 3);
  EXPECT_EQ(arrays.ids[0], 100);
  EXPECT_EQ(arrays.area[0], 100);
  EXPECT_NEAR(arrays.weights[0], 0.8 + 0.2 * 0.3, 1e-6);
  // Its right box: 80 blended, 20 hidden.
  EXPECT_EQ(arrays.ids[1], 101);
  EXPECT_EQ(arrays.area[1], 80);
  EXPECT_EQ(arrays.flags[1], kObjectOccluded);
  EXPECT_NEAR(arrays.weights[1], 0.3, 1e-6);
  // The partner's, in columns 10 to 29, rows 5 to 14: a quarter hidden, a quarter its own.
  EXPECT_EQ(arrays.ids[2], 200);
  EXPECT_EQ(arrays.area[2], 150);
  EXPECT_NEAR(arrays.weights[2], (50 + 100 * 0.7) / 150, 1e-6);
}

TEST_F(BatchTargetsTest, JoiningAgainTakesTheSameAndNoMemory) {
  mix_.box = {RectPx{0, 0, 20, 20}, RectPx{3, 3, 20, 11}, RectPx{}};
  mix_.share = {0.25f, 0.5f, 1.0f};
  const auto joined = [&](MixKind kind) {
    const TargetArrays& arrays = Join(kind);
    return std::string(arrays.masks, static_cast<size_t>(arrays.mask_offsets[arrays.count]));
  };
  const std::string cut = joined(MixKind::kCutMix);
  const std::string mixed = joined(MixKind::kMixup);
  const uint64_t before = testing::AllocationCount();
  Join(MixKind::kCutMix);
  Join(MixKind::kMixup);
  Join(MixKind::kNone);
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_EQ(joined(MixKind::kCutMix), cut);
  EXPECT_EQ(joined(MixKind::kMixup), mixed);
}

TEST_F(BatchTargetsTest, WithoutMemoryThereAreNoTargets) {
  testing::SetAllocationMax(0);
  const bool joined = targets_.Join(mix_, partner_, kRows);
  testing::SetAllocationMax(UINT64_MAX);
  EXPECT_FALSE(joined);
  EXPECT_EQ(targets_.arrays().count, 0u);
  EXPECT_EQ(Offsets(targets_.arrays()), (Numbers{0, 0, 0, 0}));
  EXPECT_EQ(targets_.arrays().mask_offsets[0], 0);
  EXPECT_EQ(Join(MixKind::kNone).count, 3u) << "the next batch has them again";
}

TEST(TargetMakerTest, LeavesOutWhatHasNoPixel) {
  ObjectList list;
  list.Clear(kSize);
  AddOutline(&list, {BoxRing(5.6, 5.6, 0.3, 0.3)});  // between pixel centres
  AddOutline(&list, {BoxRing(7, 7, 1, 1)});          // one pixel
  AddOutline(&list, {BoxRing(0, 0, 5, 5)})->flags = kObjectDropped;
  AddOutline(&list, {BoxRing(1.25, 2.5, 5, 5)}, ObjectShape::kBox);
  AddRuns(&list, std::vector<uint32_t>{0, 800});  // all of it
  AddRuns(&list, std::vector<uint32_t>{800});     // nothing
  SampleTargets targets;
  TargetMaker().Make(list, &targets);
  ASSERT_EQ(targets.targets.size(), 3u);
  EXPECT_EQ(targets.targets[0].area_px, 1u);
  EXPECT_EQ(targets.targets[0].bounds, (RectPx{7, 7, 1, 1}));
  EXPECT_EQ(targets.targets[1].box, (std::array<float, 4>{1.25f, 2.5f, 6.25f, 7.5f}))
      << "a box stays as fine as it is";
  EXPECT_EQ(targets.targets[1].area_px, 25u);
  EXPECT_EQ(targets.targets[2].area_px, 800u);
}

}  // namespace
}  // namespace headrace::loader
