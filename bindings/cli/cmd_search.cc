// headrace search: AutoAugment's search for a policy, with any program as the judge.
#include <algorithm>
#include <memory>
#include <string>

#include "bindings/cli/command.h"
#include "bindings/cli/evaluator_command.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/search_master.h"
#include "bindings/cli/search_options.h"
#include "bindings/cli/search_report.h"
#include "bindings/cli/search_run.h"
#include "bindings/cli/search_session.h"
#include "bindings/cli/search_summary.h"
#include "bindings/cli/search_workers.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"evaluate", 0, "CMD",
     "The command that scores a policy, run by /bin/sh -c, with {policy} (path of a policy file), "
     "{seed} and {trial} replaced. The last line of its stdout is the score, or JSON with "
     "\"score\"; "
     "higher is better. Required."},
    {"trials", 0, "N", "Policies to try; 100 by default."},
    {"parallel", 0, "K", "Evaluators at a time, of each process; 1 by default."},
    {"strategy", 0, "NAME", "random, evolution, reinforce or ppo; evolution by default."},
    {"seed", 0, "S", "Seed of the search; 0 by default."},
    {"timeout", 0, "SECONDS", "An evaluator that takes longer is ended; no limit by default."},
    {"retries", 0, "N", "Attempts after one that failed; 1 by default."},
    {"rescore", 0, "TOP",
     "The best so many are scored again on fresh seeds, and the best mean wins; a third of the "
     "trials, at most 10, by default; 0: none."},
    {"rescore-seeds", 0, "N", "Fresh seeds; 3 by default."},
    {"no-baselines", 0, "", "Leaves out what policies are compared with."},
    {"state", 0, "FILE", "Keeps all that is known in FILE, and goes on from it if it is there."},
    {"log", 0, "FILE.tsv", "Adds a line for each trial when it is finished."},
    {"report", 0, "FILE.html", "Writes a page with the learning curve and the best policy."},
    {"output", 'o', "FILE.toml", "Writes the best policy, for auto_augment."},
    {"concat", 0, "N", "With -o: joins the best N policies, as AutoAugment does with 5."},
    {"rank", 0, "R", "With --world-size: which process this is of those that share the search."},
    {"world-size", 0, "N",
     "With --rank: how many processes; by default as the launcher (mpirun, torchrun, srun) says."},
    {"rank-timeout", 0, "SECONDS",
     "Under mpirun: a process that has not been heard of for so long is given up; 60 by default."},
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

// Where the processes of one search meet.
std::string MeetingFolder(const SearchOptions& options) { return options.state + ".d"; }

bool WritePolicy(const SearchOptions& options, const SearchSession& session,
                 const SearchSummary& summary, std::string* error) {
  if (options.output.empty()) return true;
  std::string toml = summary.best[0].policy;
  if (options.concat > 0 && !session.Concat(static_cast<uint32_t>(options.concat), &toml, error)) {
    return false;
  }
  return WriteWholeFile(options.output, toml, error);
}

// Why there is no best policy: the last trial of the search proper, which failed as all have.
std::string LastFailure(const SearchSession& session) {
  const auto& finished = session.finished();
  const auto last = std::find_if(finished.rbegin(), finished.rend(), [](const auto& trial) {
    return trial.trial.kind == TrialKind::kSearch && !trial.outcome.is_good();
  });
  std::string text = "no trial succeeded";
  if (last != finished.rend()) text.append("; the last one: ").append(WholeReason(last->outcome));
  return text;
}

// Everything that is wanted of what is known. Exit status.
int Emit(const ParsedArgs& args, const SearchOptions& options, const SearchSession& session,
         const SearchSummary& summary, const Overrides& overrides, Console& console) {
  // Each is tried whatever became of the others: the hours of the search are in all of them. The
  // report comes last, as it draws pictures and takes longest.
  int status = kExitGood;
  std::string error;
  const bool has_best = !summary.best.empty();
  if (has_best && !WritePolicy(options, session, summary, &error)) status = console.Fail(error);
  if (args.Has("json")) {
    const int emitted = EmitJson(args, SearchJson(summary, options), console);
    if (emitted != kExitGood) status = emitted;
  } else if (has_best) {
    PrintResult(SearchPage(summary, options));
  }
  if (!options.report.empty() &&
      !WriteReport(
          {.options = &options, .summary = &summary, .session = &session, .overrides = overrides},
          &console, &error)) {
    status = console.Fail(error);
  }
  return has_best ? status : console.Fail(LastFailure(session));
}

// Rank 0, or the only process.
int Search(const ParsedArgs& args, const SearchOptions& options, const hr_rank& rank,
           const Overrides& overrides, EvaluatorPool* pool, Console& console) {
  const uint64_t parallel = options.parallel * rank.world_size;
  SearchSession session(options, &console);
  if (const int opened = session.Open(parallel, overrides); opened != kExitGood) return opened;
  std::string error;
  SearchLog log;
  if (!log.Open(options.log, session.finished(), &error)) return console.Usage(error);
  // Its end may have to wait for a helper that never came: the results are out by then.
  std::unique_ptr<SearchMaster> master;
  if (rank.world_size > 1) {
    master = std::make_unique<SearchMaster>(MeetingFolder(options), rank.world_size - 1,
                                            options.rank_timeout_seconds, &console);
    if (!master->Open(&error)) return console.Fail(error);
  }
  SearchWorkers workers(pool, master.get(), options.evaluator);
  SearchRun run(&session, &log, &workers, parallel, &console);
  const int status = run.Run();
  pool->StopAll();
  if (status != kExitGood) return status;
  return Emit(args, options, session, SummaryOf(session, options, run.seconds(), rank.world_size),
              overrides, console);
}

// Exit status.
int FindRank(const SearchOptions& options, hr_rank* rank, Console& console) {
  if (options.world_size > 0) {
    rank->rank = static_cast<uint32_t>(options.rank);
    rank->world_size = static_cast<uint32_t>(options.world_size);
    constexpr std::string_view kSource = "options";
    rank->source[kSource.copy(rank->source, sizeof rank->source - 1)] = '\0';
    return kExitGood;
  }
  HR_INIT(hr_error, error);
  const hr_status found = hr_find_rank(rank, &error);
  return found == HR_OK ? kExitGood : console.Fail(found, error);
}

int Run(const ParsedArgs& args, Console& console) {
  SearchOptions options;
  Overrides overrides;
  std::string text;
  if (!ReadSearchOptions(args, &options, &text) || !overrides.Read(args, &text)) {
    return console.Usage(text);
  }
  HR_INIT(hr_rank, rank);
  if (const int found = FindRank(options, &rank, console); found != kExitGood) return found;
  if (rank.world_size > 1 && options.state.empty()) {
    return console.Usage("--state FILE is needed with several processes (" +
                         std::string(rank.source) + "): they meet in FILE.d");
  }
  if (options.parallel * rank.world_size > 1024) {
    return console.Usage("--parallel: " + std::to_string(options.parallel) + " in each of " +
                         std::to_string(rank.world_size) +
                         " processes are more than the 1024 that may run at once");
  }
  if (rank.rank == 0) {
    if (rank.warning[0] != '\0') console.Warning(rank.warning);
    const EvaluatorCommand command(options.evaluator.command);
    if (!command.Has("policy")) {
      console.Warning(
          "--evaluate has no {policy}, so it cannot know what it scores (but by the "
          "file that HEADRACE_TRIAL names)");
    }
  }
  EvaluatorPool pool(options.parallel, rank.rank, rank.world_size, args.Has("verbose"), &console);
  if (!pool.Open(&text)) return console.Fail(text);
  if (rank.rank > 0) {
    return HelpSearch(MeetingFolder(options), rank.rank, options.parallel,
                      options.rank_timeout_seconds, &pool, &console);
  }
  return Search(args, options, rank, overrides, &pool, console);
}

}  // namespace

constinit const Command kSearchCommand = {
    {
        .name = "search",
        .summary = "looks for the policy that makes your model best",
        .operands_text = "CONFIG",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details = "CONFIG's [search] table says which policies there are; without one they are\n"
                   "AutoAugment's: 5 pairs of ops. CMD trains with {policy} (auto_augment's policy "
                   "= \"...\")\n"
                   "and scores the model on held-out images, never on the test set. A CMD that "
                   "fails, hangs\n"
                   "or prints no number is a failed trial. With --state a search that was stopped "
                   "in any way\n"
                   "goes on, and tries the policies that it would have tried. Under mpirun the "
                   "evaluators are\n"
                   "spread over the processes, of which each runs K; the result is that of one "
                   "process with\n"
                   "as many.\n",
        .example = "  headrace search train.toml --evaluate 'python train.py {policy} {seed}' \\\n"
                   "    --trials 200 --parallel 4 --state run.json --log run.tsv \\\n"
                   "    --report run.html -o best.toml\n",
    },
    Run,
};

}  // namespace headrace::cli
