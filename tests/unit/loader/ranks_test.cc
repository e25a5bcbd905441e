#include "loader/ranks.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace headrace::loader {
namespace {

class RanksTest : public ::testing::Test {
 protected:
  void SetUp() override { Clear(); }
  void TearDown() override { Clear(); }
  static void Clear() {
    for (const char* name : {"RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                             "PMI_RANK", "PMI_SIZE", "SLURM_PROCID", "SLURM_NTASKS"}) {
      unsetenv(name);
    }
  }
  RankInfo info_;
  ConfigError error_;
};

TEST_F(RanksTest, AloneWithoutALauncher) {
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.rank, 0u);
  EXPECT_EQ(info_.world_size, 1u);
  EXPECT_EQ(info_.source, "alone");
}

TEST_F(RanksTest, TakesALauncherOnlyWithBothVariables) {
  setenv("RANK", "3", 1);
  setenv("SLURM_PROCID", "1", 1);
  setenv("SLURM_NTASKS", "2", 1);
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.rank, 1u);
  EXPECT_EQ(info_.world_size, 2u);
  EXPECT_NE(info_.source.find("SLURM_PROCID"), std::string::npos);
}

// Ray's TorchTrainer sets what torchrun does, in processes that inherited the environment of
// whatever started Ray itself: srun, with a task a machine.
TEST_F(RanksTest, TheInnerLauncherStandsBeforeTheOneThatStartedIt) {
  setenv("SLURM_PROCID", "1", 1);
  setenv("SLURM_NTASKS", "2", 1);
  setenv("OMPI_COMM_WORLD_RANK", "5", 1);
  setenv("OMPI_COMM_WORLD_SIZE", "8", 1);
  setenv("LOCAL_RANK", "1", 1);
  setenv("NODE_RANK", "1", 1);
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.rank, 5u);
  EXPECT_EQ(info_.world_size, 8u);
  setenv("RANK", "11", 1);
  setenv("WORLD_SIZE", "16", 1);
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.rank, 11u);
  EXPECT_EQ(info_.world_size, 16u);
  EXPECT_EQ(info_.source, "environment: RANK, WORLD_SIZE");
  unsetenv("LOCAL_RANK");
  unsetenv("NODE_RANK");
}

TEST_F(RanksTest, SaysWhenLaunchersDisagree) {
  setenv("PMI_RANK", "1", 1);
  setenv("PMI_SIZE", "4", 1);
  setenv("SLURM_PROCID", "1", 1);
  setenv("SLURM_NTASKS", "4", 1);
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.warning, "");
  setenv("SLURM_PROCID", "0", 1);
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.rank, 1u);
  EXPECT_NE(info_.warning.find("1 of 4"), std::string::npos) << info_.warning;
  EXPECT_NE(info_.warning.find("SLURM_PROCID is 0 of 4"), std::string::npos) << info_.warning;
  // Who says it by hand has decided.
  ASSERT_TRUE(FindRank(2, 3, {}, &info_, &error_));
  EXPECT_EQ(info_.warning, "");
}

TEST_F(RanksTest, OptionsStandBeforeConfigurationAndEnvironment) {
  setenv("RANK", "0", 1);
  setenv("WORLD_SIZE", "2", 1);
  LoaderConfig config;
  config.rank = 2;
  config.world_size = 5;
  ASSERT_TRUE(FindRank({}, {}, config, &info_, &error_));
  EXPECT_EQ(info_.rank, 2u);
  ASSERT_TRUE(FindRank(6, 7, config, &info_, &error_));
  EXPECT_EQ(info_.rank, 6u);
  EXPECT_EQ(info_.world_size, 7u);
}

TEST_F(RanksTest, ARankBeyondTheWorldIsAnError) {
  setenv("RANK", "4", 1);
  setenv("WORLD_SIZE", "4", 1);
  EXPECT_FALSE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(error_.code, Code::kConfigValue);
  EXPECT_NE(error_.text.find("RANK"), std::string::npos);
}

TEST_F(RanksTest, ALaunchersNonsenseIsAnErrorAndNotRankZero) {
  setenv("RANK", "one", 1);
  setenv("WORLD_SIZE", "2", 1);
  EXPECT_FALSE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_NE(error_.text.find("RANK"), std::string::npos);
  setenv("RANK", "", 1);  // set to nothing is not set
  ASSERT_TRUE(FindRank({}, {}, {}, &info_, &error_));
  EXPECT_EQ(info_.source, "alone");
}

}  // namespace
}  // namespace headrace::loader
