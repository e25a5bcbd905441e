// The policies' tables and lists: torchvision's by program, the others by what is known of them.
#include "loader/augment/policy_tables.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/loader/policy_golden.h"

namespace headrace::loader {
namespace {

TEST(PolicyTablesTest, NamesOfOpsAreReadBack) {
  for (const std::string_view name : kPolicyOpNames) {
    ASSERT_TRUE(FindPolicyOp(name).has_value()) << name;
    EXPECT_EQ(PolicyOpName(*FindPolicyOp(name)), name);
  }
  EXPECT_EQ(FindPolicyOp("sample_pairing"), std::nullopt);
  EXPECT_EQ(FindPolicyTable("mnist"), nullptr);
}

TEST(PolicyTablesTest, EqualTorchvisions) {
  std::map<std::string, size_t> rows;
  for (const auto& row : PolicyGoldenRows("table")) {
    ASSERT_EQ(row.size(), 8u);
    const PolicyTable* table = FindPolicyTable(row[1]);
    ASSERT_NE(table, nullptr) << row[1];
    const size_t index = rows[row[1]]++;
    ASSERT_LT(index, table->pairs.size());
    for (size_t k = 0; k < 2; ++k) {
      const PolicyStep& step = table->pairs[index][k];
      SCOPED_TRACE(row[1] + " " + std::to_string(index) + " " + std::to_string(k));
      EXPECT_EQ(PolicyOpName(step.op), row[2 + 3 * k]);
      EXPECT_EQ(step.p, std::stod(row[3 + 3 * k]));
      EXPECT_EQ(HasMagnitude(step.op), row[4 + 3 * k] != "-");
      EXPECT_EQ(step.magnitude, row[4 + 3 * k] == "-" ? 0 : std::stod(row[4 + 3 * k]));
    }
  }
  EXPECT_EQ(rows, (std::map<std::string, size_t>{{"cifar10", 25}, {"imagenet", 25}, {"svhn", 25}}));
}

TEST(PolicyTablesTest, EveryTableHasTwentyFivePairsWithinItsBinsOrLevels) {
  for (const PolicyTable& table : PolicyTables()) {
    EXPECT_EQ(table.pairs.size(), 25u) << table.name;
    const double most = table.levels_only ? kPolicyLevelMax : 9;
    for (const PolicyPair& pair : table.pairs) {
      for (const PolicyStep& step : pair) {
        EXPECT_GE(step.p, 0);
        EXPECT_LE(step.p, 1);
        EXPECT_GE(step.magnitude, 0);
        EXPECT_LE(step.magnitude, most);
      }
    }
  }
}

TEST(PolicyTablesTest, LevelTenOccursOnceInV0) {
  int tens = 0;
  for (const PolicyPair& pair : FindPolicyTable("v0")->pairs) {
    for (const PolicyStep& step : pair) tens += step.magnitude == 10 ? 1 : 0;
  }
  EXPECT_EQ(tens, 1);
}

std::string Joined(std::span<const PolicyOp> ops) {
  std::string text;
  for (const PolicyOp op : ops) text.append(text.empty() ? "" : " ").append(PolicyOpName(op));
  return text;
}

TEST(PolicyTablesTest, TheListOfRandAugmentIsTorchvisions) {
  const auto rows = PolicyGoldenRows("list");
  ASSERT_EQ(rows.size(), 1u);
  std::string wanted;
  for (size_t i = 1; i < rows[0].size(); ++i) wanted += (i > 1 ? " " : "") + rows[0][i];
  EXPECT_EQ(Joined(RandAugmentOps(PolicyProfile::kTorchvision)), wanted);
  EXPECT_EQ(Joined(TrivialAugmentOps()), wanted);
}

TEST(PolicyTablesTest, TheOtherListsAreThoseOfTheDocuments) {
  EXPECT_EQ(Joined(RandAugmentOps(PolicyProfile::kTimm)),
            "autocontrast equalize invert rotate posterize solarize solarize_add color contrast "
            "brightness sharpness shear_x shear_y translate_x translate_y");
  EXPECT_EQ(Joined(RandAugmentOps(PolicyProfile::kTf)),
            "autocontrast equalize invert rotate posterize solarize color contrast brightness "
            "sharpness shear_x shear_y translate_x translate_y cutout solarize_add");
  EXPECT_EQ(Joined(AugMixOpList(AugMixProfile::kReference, AugMixOps::kWithoutColour)),
            "autocontrast equalize posterize rotate solarize shear_x shear_y translate_x "
            "translate_y");
}

TEST(PolicyTablesTest, AugMixWithAllOpsAddsTheFourOfColour) {
  for (const AugMixProfile profile :
       {AugMixProfile::kReference, AugMixProfile::kTorchvision, AugMixProfile::kTimm}) {
    const auto few = AugMixOpList(profile, AugMixOps::kWithoutColour);
    const auto all = AugMixOpList(profile, AugMixOps::kAll);
    ASSERT_EQ(few.size(), 9u);
    ASSERT_EQ(all.size(), 13u);
    std::set<PolicyOp> added(all.begin() + 9, all.end());
    EXPECT_EQ(added, (std::set<PolicyOp>{PolicyOp::kBrightness, PolicyOp::kColor,
                                         PolicyOp::kContrast, PolicyOp::kSharpness}));
    for (size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i], all[i]);
  }
}

}  // namespace
}  // namespace headrace::loader
