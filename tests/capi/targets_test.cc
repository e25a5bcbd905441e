// Objects as the C API gives them.
#include <gtest/gtest.h>
#include <headrace.h>

#include <string>
#include <vector>

#include "tests/support/coco_set.h"
#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

class TargetsTest : public ::testing::Test {
 protected:
  TargetsTest() { MakeCocoSet(folder_, 6); }

  // The next batch; info_ views it.
  BatchHandle Next(hr_loader* loader) {
    BatchHandle batch = testing::Next(loader);
    info_ = InfoOf(batch.get());
    return batch;
  }

  TempFolder folder_;
  hr_batch_info info_ = {};
};

TEST_F(TargetsTest, EachSampleHasItsObjects) {
  const LoaderHandle loader = MustOpen(CocoConfig(folder_.path(), "", "shuffle = \"none\""));
  const BatchHandle batch = Next(loader.get());
  const hr_targets* targets = info_.targets;
  ASSERT_NE(targets, nullptr);
  EXPECT_EQ(targets->struct_size, sizeof(hr_targets));
  ASSERT_EQ(targets->count, 8u);
  for (int64_t i = 0; i < 4; ++i) {
    ASSERT_EQ(targets->offsets[i], 2 * i);
    const int64_t car = 2 * i;
    EXPECT_EQ(targets->ids[car], 2 * i);
    EXPECT_EQ(targets->classes[car], 0);
    EXPECT_EQ(std::vector<float>(targets->boxes + 4 * car, targets->boxes + 4 * car + 4),
              (std::vector<float>{8, 8, 24, 24}));
    EXPECT_EQ(targets->area[car], 256);
    EXPECT_EQ(targets->weights[car], 1);
    EXPECT_EQ(targets->flags[car], 0);
    const int64_t road = car + 1;
    EXPECT_EQ(targets->classes[road], 1);
    EXPECT_EQ(std::vector<float>(targets->boxes + 4 * road, targets->boxes + 4 * road + 4),
              (std::vector<float>{0, 24, 64, 48}));
    EXPECT_EQ(targets->area[road], 64 * 24);
    const int64_t first = targets->mask_offsets[road];
    const std::string text(targets->masks + first,
                           targets->masks + targets->mask_offsets[road + 1]);
    EXPECT_EQ(text, "h0h0h0" + std::string(text.size() - 6, '0'))
        << "three times 24, then no difference";
    EXPECT_EQ(info_.labels[i], 1) << "the road is the largest";
  }
  EXPECT_EQ(targets->offsets[4], 8);
}

TEST_F(TargetsTest, AFolderKnowsNone) {
  TempFolder folder;
  MakePictureSet(folder, 10);
  const LoaderHandle loader = MustOpen(SmallConfig(folder.path()));
  const BatchHandle batch = Next(loader.get());
  EXPECT_EQ(info_.targets, nullptr);
}

TEST_F(TargetsTest, PaddedRowsHaveNone) {
  const LoaderHandle loader = MustOpen(CocoConfig(folder_.path(), "", "tail = \"pad\""));
  { const BatchHandle full = Next(loader.get()); }
  const BatchHandle batch = Next(loader.get());
  ASSERT_EQ(info_.count, 4u);
  EXPECT_EQ(info_.targets->offsets[2], 4);
  EXPECT_EQ(info_.targets->offsets[3], 4);
  EXPECT_EQ(info_.targets->offsets[4], 4);
}

TEST_F(TargetsTest, ASubstituteBringsItsOwn) {
  folder_.Write("0001.png", "not a picture");
  const LoaderHandle loader =
      MustOpen(CocoConfig(folder_.path(), "", "shuffle = \"none\"\ncorrupt_budget = 1.0"));
  const BatchHandle batch = Next(loader.get());
  ASSERT_EQ(info_.valid[1], 2);
  ASSERT_NE(info_.ids[1], 1);
  EXPECT_EQ(info_.targets->ids[info_.targets->offsets[1]], 2 * info_.ids[1]);
}

TEST_F(TargetsTest, AMirrorWithRemapChangesTheLabelsOfObjectsToo) {
  const LoaderHandle loader = MustOpen(CocoConfig(
      folder_.path(),
      "[[augment]]\nop = \"random_horizontal_flip\"\np = 1\nremap = { car = \"road\" }\n"));
  const BatchHandle batch = Next(loader.get());
  const hr_targets* targets = info_.targets;
  EXPECT_EQ(targets->classes[0], 1);
  EXPECT_EQ(targets->classes[1], 0);
  EXPECT_EQ(info_.labels[0], 0);
  EXPECT_EQ(std::vector<float>(targets->boxes, targets->boxes + 4),
            (std::vector<float>{40, 8, 56, 24}));
}

TEST_F(TargetsTest, TargetsFollowTheFirstViewOnly) {
  const std::string mix = "[[augment]]\nop = \"aug_mix\"\nviews = 3\n";
  const LoaderHandle loader = MustOpen(CocoConfig(folder_.path(), mix));
  const BatchHandle batch = Next(loader.get());
  ASSERT_EQ(info_.views, 3u);
  EXPECT_EQ(info_.targets->count, 8u);
  EXPECT_EQ(info_.targets->boxes[0], 8);

  LoaderHandle refused;
  HR_INIT(hr_error, error);
  EXPECT_EQ(OpenToml(CocoConfig(folder_.path(),
                                mix + "[[augment]]\nop = \"random_rotation\"\ndegrees = 10\n"),
                     &refused, &error),
            HR_CONFIG_VALUE);
  EXPECT_NE(std::string(error.text).find("random_rotation"), std::string::npos) << error.text;
  EXPECT_NE(std::string(error.text).find("put it before aug_mix"), std::string::npos);
}

TEST_F(TargetsTest, WhatTheConsumerMixesChangesThemToo) {
  const LoaderHandle loader =
      MustOpen(CocoConfig(folder_.path(), "[output]\nkeep_u8 = true\n", "shuffle = \"none\""));
  const BatchHandle batch = Next(loader.get());
  ASSERT_EQ(info_.targets->count, 8u);
  const std::vector<float> maps(4 * 16, 1.0f);  // alike everywhere: all of it is blended
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_batch_rmix(batch.get(), nullptr, maps.data(), 4, 4, 16, nullptr, nullptr, &error),
            HR_OK)
      << error.text;
  ASSERT_EQ(hr_batch_view(batch.get(), &info_, nullptr), HR_OK);
  const hr_targets* targets = info_.targets;
  ASSERT_EQ(targets->count, 16u) << "each sample's own and its partner's";
  for (int64_t i = 0; i < 4; ++i) {
    ASSERT_NE(info_.partner[i], i);
    ASSERT_EQ(targets->offsets[i], 4 * i);
    EXPECT_EQ(targets->ids[4 * i], 2 * info_.ids[i]);
    EXPECT_EQ(targets->ids[4 * i + 2], 2 * info_.ids[info_.partner[i]]);
    EXPECT_NEAR(targets->weights[4 * i], info_.lambda[i], 1e-6);
    EXPECT_NEAR(targets->weights[4 * i + 2], 1 - info_.lambda[i], 1e-6);
    EXPECT_EQ(targets->flags[4 * i], 0) << "blended, not hidden";
  }
}

TEST_F(TargetsTest, ChainsOfAugMixMoveNothing) {
  const LoaderHandle loader =
      MustOpen(CocoConfig(folder_.path(), "[[augment]]\nop = \"aug_mix\"\n"));
  for (int64_t id = 0; id < 6; ++id) {
    for (uint32_t epoch = 0; epoch < 10; ++epoch) {
      char text[4096];
      size_t needed = 0;
      ASSERT_EQ(hr_loader_replay(loader.get(), id, epoch, 0, text, sizeof text, &needed, nullptr),
                HR_OK);
      const std::string toml = text;
      for (const char* op : {"rotate", "shear", "translate"}) {
        ASSERT_EQ(toml.find(op), std::string::npos) << toml;
      }
      ASSERT_NE(toml.find("replay"), std::string::npos);
    }
  }
}

TEST_F(TargetsTest, ThePlanCountsThem) {
  const LoaderHandle with = MustOpen(CocoConfig(folder_.path()));
  TempFolder empty;
  MakeCocoSet(empty, 6);
  empty.Write("instances.json",
              R"({"categories":[{"id":1,"name":"car"}],"annotations":[],"images":[)"
              R"({"id":1,"file_name":"0000.png","width":64,"height":48},)"
              R"({"id":2,"file_name":"0001.png","width":64,"height":48},)"
              R"({"id":3,"file_name":"0002.png","width":64,"height":48},)"
              R"({"id":4,"file_name":"0003.png","width":64,"height":48}]})");
  const LoaderHandle without = MustOpen(CocoConfig(empty.path()));
  HR_INIT(hr_memory, more);
  HR_INIT(hr_memory, less);
  ASSERT_EQ(hr_loader_memory(with.get(), &more, nullptr), HR_OK);
  ASSERT_EQ(hr_loader_memory(without.get(), &less, nullptr), HR_OK);
  EXPECT_GT(more.other_bytes, less.other_bytes);
  EXPECT_GT(more.index_bytes, less.index_bytes);
}

}  // namespace
}  // namespace headrace::testing
