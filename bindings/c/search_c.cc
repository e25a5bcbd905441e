#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/c/boundary.h"
#include "bindings/c/options.h"
#include "loader/config_search.h"
#include "loader/search/baselines.h"
#include "loader/search/searcher.h"

using headrace::Code;
using headrace::capi::Fence;
using headrace::capi::SetError;
using headrace::loader::ConfigError;
using headrace::loader::Genome;
using headrace::loader::PolicyFile;
using headrace::loader::ScoreSpread;
using headrace::loader::SearchConfig;
using headrace::loader::Searcher;
using headrace::loader::SearchOptions;
using headrace::loader::SearchStrategy;
using headrace::loader::Standing;
using headrace::loader::TrialFacts;

namespace {

// What the pointers of an answer point to.
struct AnswerTexts {
  std::string toml;
  std::string line;
  std::string failed;
  Genome genome;

  void Set(const PolicyFile& policy) {
    toml = headrace::loader::PolicyFileToml(policy);
    line = headrace::loader::PolicyLine(policy);
  }
};

}  // namespace

struct hr_search {
  std::unique_ptr<Searcher> impl;
  std::map<uint64_t, AnswerTexts> out;  // of the trials that are out
  AnswerTexts answer;                   // of the last call that gave one
  std::vector<const char*> op_names;    // in the order of the space
};

namespace headrace::capi {
namespace {

static_assert(HR_SEARCH_RANDOM == static_cast<int>(SearchStrategy::kRandom));
static_assert(HR_SEARCH_EVOLUTION == static_cast<int>(SearchStrategy::kEvolution));
static_assert(HR_SEARCH_REINFORCE == static_cast<int>(SearchStrategy::kReinforce));
static_assert(HR_SEARCH_PPO == static_cast<int>(SearchStrategy::kPpo));
static_assert(HR_TRIAL_SEARCH == static_cast<int>(loader::TrialKind::kSearch));
static_assert(HR_TRIAL_RESCORE == static_cast<int>(loader::TrialKind::kRescore));
static_assert(HR_TRIAL_BASELINE == static_cast<int>(loader::TrialKind::kBaseline));
static_assert(HR_TRIAL_OUT == static_cast<int>(loader::TrialState::kOut));
static_assert(HR_TRIAL_SCORED == static_cast<int>(loader::TrialState::kScored));
static_assert(HR_TRIAL_FAILED == static_cast<int>(loader::TrialState::kFailed));
static_assert(HR_GENE_OP == static_cast<int>(loader::GeneKind::kOp));
static_assert(HR_GENE_PROBABILITY == static_cast<int>(loader::GeneKind::kProbability));
static_assert(HR_GENE_MAGNITUDE == static_cast<int>(loader::GeneKind::kMagnitude));
static_assert(HR_GENE_NUM_OPS == static_cast<int>(loader::GeneKind::kNumOps));

constexpr uint32_t kRescoreSeedsDefault = 3;

hr_status CheckSearch(const hr_search* search, hr_error* error) {
  return search != nullptr ? HR_OK : SetError(error, Code::kInvalidArgument, "the search is NULL");
}

hr_status CheckOut(bool good, hr_error* error) {
  return good ? HR_OK
              : SetError(error, Code::kInvalidArgument,
                         "the output struct is NULL or its struct_size is not set");
}

hr_status ReadSearchOptions(const hr_search_options* in, SearchOptions* out,
                            std::vector<std::string>* overrides, hr_error* error) {
  hr_search_options known;
  if (!Read(in, &known)) {
    return SetError(error, Code::kInvalidArgument,
                    "hr_search_options: struct_size is not set, or a newer field is used");
  }
  if (known.strategy < HR_SEARCH_RANDOM || known.strategy > HR_SEARCH_PPO) {
    return SetError(error, Code::kInvalidArgument,
                    "hr_search_options: strategy is none of hr_search_strategy");
  }
  const hr_status copied =
      CopyOverrides("hr_search_options", known.overrides, known.override_count, overrides, error);
  if (copied != HR_OK) return copied;
  *out = {.strategy = static_cast<SearchStrategy>(known.strategy),
          .seed = known.seed,
          .parallel = known.parallel > 0 ? known.parallel : 1,
          .trials = known.trials,
          .rescore_top = known.rescore_top,
          .rescore_seeds = known.rescore_seeds > 0 ? known.rescore_seeds : kRescoreSeedsDefault,
          .baselines = known.baselines != 0};
  return HR_OK;
}

// Opens a search whose space `parse`(overrides, &config, &error) reads.
template <class Parse>
hr_status Open(const hr_search_options* options, hr_search** out, hr_error* error, Parse parse) {
  if (out == nullptr) return SetError(error, Code::kInvalidArgument, "out is NULL");
  *out = nullptr;
  return Fence(error, [&]() -> hr_status {
    SearchOptions wanted;
    std::vector<std::string> overrides;
    const hr_status read = ReadSearchOptions(options, &wanted, &overrides, error);
    if (read != HR_OK) return read;
    SearchConfig config;
    ConfigError problem;
    auto search = std::make_unique<hr_search>();
    if (!parse(overrides, &config, &problem) ||
        !Searcher::Make(config, wanted, &search->impl, &problem)) {
      return SetError(error, problem);
    }
    for (const loader::PolicyOp op : search->impl->space().config().ops) {
      search->op_names.push_back(loader::PolicyOpName(op).data());  // of a literal: ends in NUL
    }
    *out = search.release();
    return HR_OK;
  });
}

hr_trial TrialOf(TrialFacts facts, AnswerTexts* texts) {
  texts->Set(facts.policy);
  texts->failed = std::move(facts.outcome.failed);
  texts->genome = std::move(facts.genome);
  hr_trial trial = {};
  trial.kind = static_cast<int32_t>(facts.kind);
  trial.id = facts.id;
  trial.of = facts.of;
  trial.seed = facts.seed;
  trial.policy = texts->toml.c_str();
  trial.text = texts->line.c_str();
  trial.name = facts.name;
  trial.genes = texts->genome.empty() ? nullptr : texts->genome.data();
  trial.gene_count = static_cast<uint32_t>(texts->genome.size());
  trial.state = static_cast<int32_t>(facts.outcome.state);
  trial.score = facts.outcome.score;
  trial.failed = texts->failed.c_str();
  return trial;
}

hr_search_result ResultOf(const PolicyFile& policy, const ScoreSpread& spread, AnswerTexts* texts) {
  texts->Set(policy);
  hr_search_result result = {};
  result.rescores = spread.scored;
  result.rescores_failed = spread.failed;
  result.score = std::numeric_limits<double>::quiet_NaN();
  result.mean = spread.mean;
  result.standard_error = spread.standard_error;
  result.policy = texts->toml.c_str();
  result.text = texts->line.c_str();
  result.name = "";
  return result;
}

hr_policy PolicyOf(const PolicyFile& file, hr_search* search) {
  AnswerTexts* const texts = &search->answer;
  texts->Set(file);
  std::string why;
  if (!search->impl->space().Encode(file, &texts->genome, &why)) texts->genome.clear();
  hr_policy policy = {};
  policy.gene_count = static_cast<uint32_t>(texts->genome.size());
  policy.genes = texts->genome.empty() ? nullptr : texts->genome.data();
  policy.toml = texts->toml.c_str();
  policy.text = texts->line.c_str();
  policy.hash = loader::PolicyHash(file);
  return policy;
}

}  // namespace
}  // namespace headrace::capi

using headrace::capi::CanFill;
using headrace::capi::CheckOut;
using headrace::capi::CheckSearch;
using headrace::capi::Fill;
using headrace::capi::GiveText;
using headrace::capi::Open;
using headrace::capi::PolicyOf;
using headrace::capi::ResultOf;
using headrace::capi::TrialOf;

hr_status hr_search_open(const char* space, size_t length, const hr_search_options* options,
                         hr_search** out, hr_error* error) {
  return Open(options, out, error, [&](const auto& overrides, auto* config, auto* problem) {
    const headrace::loader::ConfigSource source{
        .text = space == nullptr ? std::string_view() : std::string_view(space, length),
        .overrides = overrides};
    return headrace::loader::ParseSearch(source, config, problem);
  });
}

hr_status hr_search_open_file(const char* path, const hr_search_options* options, hr_search** out,
                              hr_error* error) {
  return Open(options, out, error, [&](const auto& overrides, auto* config, auto* problem) {
    if (path == nullptr) return Fail(problem, Code::kInvalidArgument, "path is NULL");
    return headrace::loader::ParseSearchFile(path, overrides, config, problem);
  });
}

hr_status hr_search_ask(hr_search* search, hr_trial* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  if (const hr_status bad = CheckOut(out != nullptr && CanFill(out), error); bad != HR_OK) {
    return bad;
  }
  return Fence(error, [&]() -> hr_status {
    uint64_t id = 0;
    std::string why;
    const Code code = search->impl->Ask(&id, &why);
    if (code == Code::kEndOfEpoch) return SetError(error, code, "all trials are told or out");
    if (code != Code::kOk) return SetError(error, code, why);
    TrialFacts facts;
    search->impl->Find(id, &facts);
    return Fill(out, TrialOf(std::move(facts), &search->out[id]), error);
  });
}

hr_status hr_search_tell(hr_search* search, uint64_t id, double score, const char* failed,
                         hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    ConfigError problem;
    std::string_view reason = failed == nullptr ? "" : failed;
    if (failed != nullptr && reason.empty()) reason = "failed";
    if (!search->impl->Tell(id, score, reason, &problem)) return SetError(error, problem);
    search->out.erase(id);
    return HR_OK;
  });
}

hr_status hr_search_trial(hr_search* search, uint64_t id, hr_trial* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    TrialFacts facts;
    if (!search->impl->Find(id, &facts)) {
      return SetError(error, Code::kInvalidArgument,
                      "trial " + std::to_string(id) + " was not asked");
    }
    return Fill(out, TrialOf(std::move(facts), &search->answer), error);
  });
}

hr_status hr_search_best(hr_search* search, uint32_t rank, hr_search_result* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    const std::vector<Standing>& standings = search->impl->Standings();
    if (rank >= standings.size()) {
      return SetError(error, Code::kInvalidArgument,
                      std::to_string(standings.size()) + " policies have a score, none of rank " +
                          std::to_string(rank));
    }
    const Standing& standing = standings[rank];
    hr_search_result result =
        ResultOf(search->impl->PolicyOf(standing), standing.rescored, &search->answer);
    result.id = standing.id;
    result.score = standing.score;
    return Fill(out, result, error);
  });
}

hr_status hr_search_baseline(hr_search* search, uint32_t index, hr_search_result* out,
                             hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    if (index >= headrace::loader::kBaselines) {
      return SetError(error, Code::kInvalidArgument, "baselines are 0 to 3");
    }
    const PolicyFile policy = headrace::loader::BaselinePolicy(index, search->impl->space(),
                                                               search->impl->options().seed);
    hr_search_result result =
        ResultOf(policy, search->impl->BaselineSpread(index), &search->answer);
    result.id = index;
    result.name = headrace::loader::kBaselineNames[index];
    return Fill(out, result, error);
  });
}

hr_status hr_search_concat(hr_search* search, uint32_t count, char* toml, size_t capacity,
                           size_t* needed, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    PolicyFile file;
    ConfigError problem;
    if (!search->impl->Concat(count, &file, &problem)) return SetError(error, problem);
    return GiveText(headrace::loader::PolicyFileToml(file), toml, capacity, needed, error);
  });
}

hr_status hr_search_progress(const hr_search* search, hr_search_counts* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    const headrace::loader::SearchCounts from = search->impl->Counts();
    hr_search_counts counts = {};
    counts.kind = static_cast<int32_t>(from.kind);
    counts.trials = from.trials;
    counts.asked = from.asked;
    counts.out = from.out;
    counts.scored = from.scored;
    counts.failed = from.failed;
    counts.search_trials = from.search_told;
    counts.search_failed = from.search_failed;
    counts.best_id = from.best_id;
    counts.best_score = from.best_score;
    return Fill(out, counts, error);
  });
}

hr_status hr_search_save(const hr_search* search, char* json, size_t capacity, size_t* needed,
                         hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    return GiveText(search->impl->Save(), json, capacity, needed, error);
  });
}

hr_status hr_search_load(hr_search* search, const char* json, size_t length, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    if (json == nullptr) return SetError(error, Code::kInvalidArgument, "json is NULL");
    ConfigError problem;
    if (!search->impl->Load({json, length}, &problem)) return SetError(error, problem);
    return HR_OK;
  });
}

void hr_search_close(hr_search* search) { delete search; }

hr_status hr_search_gene(const hr_search* search, uint32_t index, hr_gene* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    const headrace::loader::PolicySpace& space = search->impl->space();
    if (index >= space.genes().size()) {
      return SetError(error, Code::kInvalidArgument,
                      "the space has " + std::to_string(space.genes().size()) + " genes");
    }
    const headrace::loader::Gene& from = space.genes()[index];
    const auto slot = static_cast<uint32_t>(index / space.slot_genes());
    hr_gene gene = {};
    gene.kind = static_cast<int32_t>(from.kind);
    gene.values = from.values;
    if (space.has_sub_policies()) {
      gene.sub_policy = slot / space.config().num_ops;
      gene.place = slot % space.config().num_ops;
    }
    const bool is_op = from.kind == headrace::loader::GeneKind::kOp;
    gene.names = is_op ? search->op_names.data() : nullptr;
    return Fill(out, gene, error);
  });
}

hr_status hr_search_policy_of_genes(hr_search* search, const uint32_t* genes, size_t count,
                                    hr_policy* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    const headrace::loader::PolicySpace& space = search->impl->space();
    if (genes == nullptr || !space.Contains({genes, count})) {
      return SetError(error, Code::kInvalidArgument,
                      "the space has " + std::to_string(space.genes().size()) +
                          " genes, each below the values of its hr_gene");
    }
    return Fill(out, PolicyOf(space.Decode({genes, count}), search), error);
  });
}

hr_status hr_search_policy_of_text(hr_search* search, const char* text, size_t length,
                                   hr_policy* out, hr_error* error) {
  if (const hr_status bad = CheckSearch(search, error); bad != HR_OK) return bad;
  return Fence(error, [&]() -> hr_status {
    if (text == nullptr) return SetError(error, Code::kInvalidArgument, "text is NULL");
    std::string_view given(text, length);
    PolicyFile file;
    ConfigError problem;
    bool good = false;
    if (given.starts_with(headrace::loader::kPolicyLineHead)) {
      while (given.ends_with('\n') || given.ends_with('\r')) given.remove_suffix(1);
      good = headrace::loader::ParsePolicyLine(given, &file, &problem);
    } else {
      good = headrace::loader::ParsePolicyFile(given, "policy", &file, &problem);
    }
    if (!good) return SetError(error, problem);
    return Fill(out, PolicyOf(file, search), error);
  });
}

const char* hr_policy_op_name(const char* short_name, size_t length) {
  if (short_name == nullptr) return nullptr;
  const auto op = headrace::loader::PolicyOpOfShortName({short_name, length});
  return op ? headrace::loader::PolicyOpName(*op).data() : nullptr;  // of a literal: ends in NUL
}
