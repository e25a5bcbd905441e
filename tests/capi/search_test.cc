// The search over the C API: what callers see, and what they may do wrong.
#include <gtest/gtest.h>
#include <headrace.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace headrace::testing {
namespace {

struct CloseSearch {
  void operator()(hr_search* search) const { hr_search_close(search); }
};
using Search = std::unique_ptr<hr_search, CloseSearch>;

Search Open(const hr_search_options& options, const std::string& space = "") {
  hr_search* search = nullptr;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_search_open(space.data(), space.size(), &options, &search, &error), HR_OK)
      << error.text;
  return Search(search);
}

hr_error Refused(const hr_search_options& options, const std::string& space = "") {
  hr_search* search = nullptr;
  HR_INIT(hr_error, error);
  EXPECT_NE(hr_search_open(space.data(), space.size(), &options, &search, &error), HR_OK);
  EXPECT_EQ(search, nullptr);
  return error;
}

hr_search_options Options() {
  HR_INIT(hr_search_options, options);
  options.strategy = HR_SEARCH_EVOLUTION;
  options.seed = 4;
  options.parallel = 2;
  options.trials = 30;
  options.rescore_top = 3;
  options.rescore_seeds = 2;
  options.baselines = 1;
  return options;
}

// What a trial comes to: how often it rotates; some fail.
double ScoreOf(const hr_trial& trial) {
  double score = 0;
  for (const char* at = trial.text; (at = strstr(at, "Rot")) != nullptr; ++at) score += 1;
  return score + static_cast<double>(trial.seed % 16) * 1e-3;
}

hr_status TellScore(hr_search* search, const hr_trial& trial) {
  const bool fails = trial.kind == HR_TRIAL_SEARCH && trial.id % 7 == 3;
  return hr_search_tell(search, trial.id, fails ? NAN : ScoreOf(trial), nullptr, nullptr);
}

// Runs to the end; the texts of what was asked.
std::vector<std::string> RunToEnd(hr_search* search) {
  std::vector<std::string> asked;
  std::vector<hr_trial> out;
  for (;;) {
    HR_INIT(hr_trial, trial);
    HR_INIT(hr_error, error);
    const hr_status status = hr_search_ask(search, &trial, &error);
    if (status == HR_OK) {
      asked.emplace_back(trial.text);
      out.push_back(trial);
      continue;
    }
    EXPECT_TRUE(status == HR_TIMEOUT || status == HR_END_OF_EPOCH) << error.text;
    if (out.empty()) return asked;
    // The pointers of a trial that is out live across calls.
    EXPECT_EQ(TellScore(search, out.back()), HR_OK);
    out.pop_back();
  }
}

std::string Save(const hr_search* search) {
  size_t needed = 0;
  EXPECT_EQ(hr_search_save(search, nullptr, 0, &needed, nullptr), HR_OK);
  std::string json(needed, '\0');
  EXPECT_EQ(hr_search_save(search, json.data(), json.size(), &needed, nullptr), HR_OK);
  json.resize(needed - 1);
  return json;
}

TEST(SearchApiTest, ASearchRunsToItsEndAndNamesItsBest) {
  const Search search = Open(Options());
  const std::vector<std::string> asked = RunToEnd(search.get());
  EXPECT_EQ(asked.size(), 30u + 3 * 2 + 4 * 2);
  HR_INIT(hr_search_counts, counts);
  ASSERT_EQ(hr_search_progress(search.get(), &counts, nullptr), HR_OK);
  EXPECT_EQ(counts.trials, 44u);
  EXPECT_EQ(counts.asked, 44u);
  EXPECT_EQ(counts.out, 0u);
  EXPECT_EQ(counts.search_trials, 30u);
  EXPECT_EQ(counts.search_failed, 4u);
  EXPECT_EQ(counts.failed, 4u);
  EXPECT_EQ(counts.scored, 40u);
  HR_INIT(hr_search_result, best);
  ASSERT_EQ(hr_search_best(search.get(), 0, &best, nullptr), HR_OK);
  EXPECT_EQ(best.rescores, 2u);
  EXPECT_GT(best.mean, 0.9);
  EXPECT_LT(best.standard_error, 0.02);
  EXPECT_EQ(std::string(best.text), asked[best.id]);
  EXPECT_EQ(std::string(best.name), "");
  EXPECT_TRUE(std::string(best.policy).starts_with("format = \"headrace-policy/1\"\n"));
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_search_best(search.get(), 1000, &best, &error), HR_INVALID_ARGUMENT);
  HR_INIT(hr_trial, trial);
  ASSERT_EQ(hr_search_trial(search.get(), 3, &trial, nullptr), HR_OK);
  EXPECT_EQ(trial.state, HR_TRIAL_FAILED);
  EXPECT_EQ(std::string(trial.failed), "the score is not a number");
  EXPECT_TRUE(std::isnan(trial.score));
  EXPECT_EQ(hr_search_trial(search.get(), 44, &trial, &error), HR_INVALID_ARGUMENT);
  size_t needed = 0;
  ASSERT_EQ(hr_search_concat(search.get(), 5, nullptr, 0, &needed, nullptr), HR_OK);
  std::string toml(needed, '\0');
  ASSERT_EQ(hr_search_concat(search.get(), 5, toml.data(), needed, &needed, nullptr), HR_OK);
  size_t sub_policies = 0;
  for (size_t at = 0; (at = toml.find("[[sub_policy]]", at)) != toml.npos; ++at) ++sub_policies;
  EXPECT_EQ(sub_policies, 25u);
}

TEST(SearchApiTest, BaselinesAreScoredOnTheSeedsOfTheReScores) {
  const Search search = Open(Options());
  RunToEnd(search.get());
  std::set<uint64_t> rescores, baselines;
  for (uint64_t id = 30; id < 44; ++id) {
    HR_INIT(hr_trial, trial);
    ASSERT_EQ(hr_search_trial(search.get(), id, &trial, nullptr), HR_OK);
    (trial.kind == HR_TRIAL_RESCORE ? rescores : baselines).insert(trial.seed);
  }
  EXPECT_EQ(rescores.size(), 2u);
  EXPECT_EQ(rescores, baselines);
  const char* kNames[] = {"none", "rand_augment", "trivial_augment_wide", "random"};
  for (uint32_t i = 0; i < 4; ++i) {
    HR_INIT(hr_search_result, result);
    ASSERT_EQ(hr_search_baseline(search.get(), i, &result, nullptr), HR_OK);
    EXPECT_EQ(std::string(result.name), kNames[i]);
    EXPECT_EQ(result.rescores, 2u);
    EXPECT_TRUE(std::isnan(result.score));
    EXPECT_FALSE(std::isnan(result.mean));
  }
  HR_INIT(hr_search_result, result);
  EXPECT_EQ(hr_search_baseline(search.get(), 4, &result, nullptr), HR_INVALID_ARGUMENT);
}

// Every policy that a search hands out is one that auto_augment takes.
TEST(SearchApiTest, EveryPolicyIsAFileThatAutoAugmentReads) {
  const TempFolder folder;
  const std::string path = folder.path() + "/policy.toml";
  const char* kSpaces[] = {"", "[search]\nspace = \"rand_augment\"\n",
                           "[search]\nspace = \"sub_policy\"\nprofile = \"timm\"\n",
                           "[search]\nspace = \"rand_augment\"\nprofile = \"tf\"\n",
                           "[search]\nprofile = \"tf\"\nnum_ops = 3\nbins = 11\n"};
  for (const char* space : kSpaces) {
    hr_search_options options = Options();
    options.trials = 6;
    const Search search = Open(options, space);
    for (;;) {
      HR_INIT(hr_trial, trial);
      if (hr_search_ask(search.get(), &trial, nullptr) != HR_OK) break;
      std::ofstream(path) << trial.policy;
      const std::string op = "op = \"auto_augment\", policy = \"" + path + "\"";
      const char* ops[] = {op.c_str()};
      hr_transform* transform = nullptr;
      HR_INIT(hr_error, error);
      ASSERT_EQ(hr_transform_open(ops, 1, nullptr, &transform, &error), HR_OK) << error.text << "\n"
                                                                               << trial.policy;
      hr_transform_close(transform);
      ASSERT_EQ(TellScore(search.get(), trial), HR_OK);
    }
  }
}

TEST(SearchApiTest, ALoadedStateGoesOn) {
  const Search unbroken = Open(Options());
  const std::vector<std::string> expected = RunToEnd(unbroken.get());
  const Search first = Open(Options());
  for (int i = 0; i < 9; ++i) {
    HR_INIT(hr_trial, trial);
    ASSERT_EQ(hr_search_ask(first.get(), &trial, nullptr), HR_OK);
    ASSERT_EQ(TellScore(first.get(), trial), HR_OK);
  }
  const std::string json = Save(first.get());
  const Search second = Open(Options());
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_search_load(second.get(), json.data(), json.size(), &error), HR_OK) << error.text;
  EXPECT_EQ(Save(second.get()), json);
  const std::vector<std::string> rest = RunToEnd(second.get());
  EXPECT_EQ(std::vector<std::string>(expected.begin() + 9, expected.end()), rest);
  EXPECT_EQ(hr_search_load(second.get(), json.data(), json.size(), &error), HR_INVALID_ARGUMENT);

  hr_search_options other = Options();
  other.seed = 5;
  const Search refusing = Open(other);
  EXPECT_EQ(hr_search_load(refusing.get(), json.data(), json.size(), &error), HR_CONFIG_VALUE);
  EXPECT_NE(strstr(error.text, "seed 4 against 5 here"), nullptr) << error.text;
  EXPECT_EQ(hr_search_load(refusing.get(), json.data(), 100, &error), HR_CORRUPT);
  EXPECT_EQ(hr_search_load(refusing.get(), nullptr, 0, &error), HR_INVALID_ARGUMENT);
}

TEST(SearchApiTest, AnotherSearchCanUseTheSpace) {
  hr_search_options options = Options();
  const Search search = Open(options, "[search]\nsub_policies = 2\nops = [\"rotate\", \"invert\"]");
  std::vector<uint32_t> genes;
  for (uint32_t i = 0;; ++i) {
    HR_INIT(hr_gene, gene);
    if (hr_search_gene(search.get(), i, &gene, nullptr) != HR_OK) break;
    EXPECT_EQ(gene.kind, static_cast<int32_t>(i % 3));
    EXPECT_EQ(gene.values, i % 3 == 0 ? 2u : i % 3 == 1 ? 11u : 10u);
    EXPECT_EQ(gene.sub_policy, i / 6);
    EXPECT_EQ(gene.place, i / 3 % 2);
    if (i % 3 == 0) {
      EXPECT_EQ(std::string(gene.names[1]), "invert");
    } else {
      EXPECT_EQ(gene.names, nullptr);
    }
    genes.push_back(gene.values - 1);
  }
  ASSERT_EQ(genes.size(), 12u);
  HR_INIT(hr_policy, policy);
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_search_policy_of_genes(search.get(), genes.data(), genes.size(), &policy, &error),
            HR_OK);
  EXPECT_EQ(std::string(policy.text), "hraa1/torchvision/10:Inv:1:-+Inv:1:-|Inv:1:-+Inv:1:-");
  const uint64_t hash = policy.hash;
  // What the last call gave may be given to the next.
  ASSERT_EQ(
      hr_search_policy_of_text(search.get(), policy.text, strlen(policy.text), &policy, &error),
      HR_OK);
  EXPECT_EQ(policy.hash, hash);
  ASSERT_EQ(policy.gene_count, 12u);
  EXPECT_EQ(policy.genes[0], 1u);
  EXPECT_EQ(policy.genes[2], 0u) << "invert has no magnitude";
  ASSERT_EQ(
      hr_search_policy_of_text(search.get(), policy.toml, strlen(policy.toml), &policy, &error),
      HR_OK);
  EXPECT_EQ(policy.hash, hash);
  const std::string elsewhere = "hraa1/torchvision/31:RandAugment:2:9\n";
  ASSERT_EQ(
      hr_search_policy_of_text(search.get(), elsewhere.data(), elsewhere.size(), &policy, &error),
      HR_OK);
  EXPECT_EQ(policy.genes, nullptr) << "not in this space";
  EXPECT_EQ(policy.gene_count, 0u);
  genes[3] = 2;
  EXPECT_EQ(hr_search_policy_of_genes(search.get(), genes.data(), 12, &policy, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_search_policy_of_genes(search.get(), genes.data(), 11, &policy, &error),
            HR_INVALID_ARGUMENT);
  const std::string wrong =
      "format = \"headrace-policy/1\"\n[[sub_policy]]\nops = [{ op = \"rotat\" }]";
  EXPECT_EQ(hr_search_policy_of_text(search.get(), wrong.data(), wrong.size(), &policy, &error),
            HR_CONFIG_VALUE);
  EXPECT_NE(strstr(error.text, "policy:3:15:"), nullptr) << error.text;
  EXPECT_NE(strstr(error.text, "did you mean \"rotate\"?"), nullptr) << error.text;
}

TEST(SearchApiTest, TheSpaceIsThatOfAConfiguration) {
  const TempFolder folder;
  const std::string path = folder.path() + "/search.toml";
  std::ofstream(path) << "[dataset]\npath = \"not/there\"\n[search]\nspace = \"rand_augment\"\n"
                         "[[augment]]\nop = \"auto_augment\"\npolicy = \"found.toml\"\n";
  hr_search* search = nullptr;
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_search_open_file(path.c_str(), nullptr, &search, &error), HR_OK) << error.text;
  HR_INIT(hr_gene, gene);
  EXPECT_EQ(hr_search_gene(search, 1, &gene, &error), HR_OK);
  EXPECT_EQ(gene.values, 31u);
  EXPECT_EQ(hr_search_gene(search, 2, &gene, &error), HR_INVALID_ARGUMENT);
  hr_search_close(search);

  const char* overrides[] = {"search.space=sub_policy", "search.bins=7"};
  HR_INIT(hr_search_options, options);
  options.overrides = overrides;
  options.override_count = 2;
  ASSERT_EQ(hr_search_open_file(path.c_str(), &options, &search, &error), HR_OK) << error.text;
  EXPECT_EQ(hr_search_gene(search, 2, &gene, &error), HR_OK);
  EXPECT_EQ(gene.values, 7u);
  hr_search_close(search);
  EXPECT_EQ(hr_search_open_file("/not/there.toml", nullptr, &search, &error), HR_NOT_FOUND);
  EXPECT_EQ(hr_search_open_file(folder.path().c_str(), nullptr, &search, &error),
            HR_NOT_REGULAR_FILE);
  EXPECT_EQ(hr_search_open_file(nullptr, nullptr, &search, &error), HR_INVALID_ARGUMENT);
}

TEST(SearchApiTest, WrongArgumentsAreTold) {
  hr_search_options options = Options();
  options.strategy = 4;
  EXPECT_EQ(Refused(options).code, HR_INVALID_ARGUMENT);
  options = Options();
  options.parallel = 5000;
  EXPECT_EQ(std::string(Refused(options).text), "parallel: found 5000; allowed: 1 to 1024");
  options = Options();
  options.struct_size = 0;
  EXPECT_EQ(Refused(options).code, HR_INVALID_ARGUMENT);
  options = Options();
  options.override_count = 1;
  EXPECT_EQ(Refused(options).code, HR_INVALID_ARGUMENT);
  EXPECT_EQ(Refused(Options(), "[search]\nbins = 0").code, HR_CONFIG_VALUE);
  EXPECT_EQ(Refused(Options(), "[serch]").code, HR_CONFIG_UNKNOWN_KEY);

  const Search search = Open(Options());
  HR_INIT(hr_error, error);
  hr_trial unset = {};
  EXPECT_EQ(hr_search_ask(search.get(), nullptr, &error), HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_search_ask(search.get(), &unset, &error), HR_INVALID_ARGUMENT);
  HR_INIT(hr_trial, trial);
  ASSERT_EQ(hr_search_ask(search.get(), &trial, &error), HR_OK);
  EXPECT_EQ(trial.id, 0u) << "an ask that cannot be answered takes no trial";
  EXPECT_EQ(hr_search_tell(search.get(), 1, 0.5, nullptr, &error), HR_INVALID_ARGUMENT);
  EXPECT_STREQ(error.text, "trial 1 was not asked");
  EXPECT_EQ(hr_search_tell(search.get(), 0, 0.5, "", &error), HR_OK);
  EXPECT_EQ(hr_search_tell(search.get(), 0, 0.5, nullptr, &error), HR_INVALID_ARGUMENT);
  ASSERT_EQ(hr_search_trial(search.get(), 0, &trial, &error), HR_OK);
  EXPECT_STREQ(trial.failed, "failed") << "a reason without words is one all the same";
  HR_INIT(hr_search_result, result);
  EXPECT_EQ(hr_search_best(search.get(), 0, &result, &error), HR_INVALID_ARGUMENT);
  size_t needed = 0;
  EXPECT_EQ(hr_search_concat(search.get(), 5, nullptr, 0, &needed, &error), HR_INVALID_ARGUMENT);
  const Search rand = Open(Options(), "[search]\nspace = \"rand_augment\"");
  RunToEnd(rand.get());
  EXPECT_EQ(hr_search_concat(rand.get(), 5, nullptr, 0, &needed, &error), HR_INVALID_ARGUMENT);
  EXPECT_EQ(hr_search_ask(nullptr, &trial, &error), HR_INVALID_ARGUMENT);
  hr_search_close(nullptr);
}

}  // namespace
}  // namespace headrace::testing
