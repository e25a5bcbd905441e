#include "simd/target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace headrace::simd {
namespace {

TEST(TargetTest, TheBestSupportedTargetIsUsedUnlessOneIsForced) {
  ASSERT_FALSE(SupportedTargets().empty());
  EXPECT_EQ(CurrentTarget(), SupportedTargets().front());
}

TEST(TargetTest, EachSupportedTargetCanBeForcedAndLiftedAgain) {
  const std::vector<std::string> names = SupportedTargets();
  for (const std::string& name : names) {
    ASSERT_TRUE(ForceTarget(name).ok()) << name;
    EXPECT_EQ(CurrentTarget(), name);
    EXPECT_EQ(SupportedTargets(), names) << "forcing does not change what could run";
  }
  ASSERT_TRUE(ForceTarget("").ok());
  EXPECT_EQ(CurrentTarget(), names.front());
}

TEST(TargetTest, TheFallbackIsAlwaysThere) {
  const std::string last = SupportedTargets().back();
#if defined(__aarch64__)
  EXPECT_EQ(last, "NEON");
#else
  EXPECT_TRUE(last == "SCALAR" || last == "EMU128") << last;
#endif
}

TEST(TargetTest, CaseDoesNotMatter) {
  std::string name = SupportedTargets().back();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_TRUE(ForceTarget(name).ok());
  EXPECT_EQ(CurrentTarget(), SupportedTargets().back());
  EXPECT_TRUE(ForceTarget("").ok());
}

TEST(TargetTest, AnUnknownNameIsRefusedAndChangesNothing) {
  const std::string before = CurrentTarget();
  EXPECT_EQ(ForceTarget("AVX99").code(), Code::kInvalidArgument);
  EXPECT_EQ(ForceTarget("AVX").code(), Code::kInvalidArgument);
  EXPECT_EQ(CurrentTarget(), before);
}

}  // namespace
}  // namespace headrace::simd
