#include "bindings/cli/search_report.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "bindings/cli/output_file.h"
#include "bindings/cli/policy_pictures.h"
#include "bindings/cli/policy_words.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/search_curve.h"
#include "bindings/cli/search_log.h"

namespace headrace::cli {
namespace {

constexpr size_t kRowsMax = 25;      // of pictures
constexpr size_t kFailuresMax = 10;  // kinds of failures that are listed

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Policy search</title>
<style>
:root { --ink: #1d2733; --soft: #66727f; --line: #dfe4ea; --paper: #fff; --dot: #8fb0d0;
  --best: #12629e; --base: #b0651d; --win: #1d7d46; --bad: #b3352b; --bar: #cfdfee; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8ee; --soft: #97a4b1; --line: #333e49; --paper: #161c22; --dot: #56789a;
    --best: #72b4ea; --base: #e09a56; --win: #63c68b; --bad: #e8776d; --bar: #2c4257; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } th { color: var(--soft); font-weight: 500; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--line); } .trial { fill: var(--dot); }
.failed { stroke: var(--bad); fill: none; stroke-width: 1.5; }
.best { stroke: var(--best); fill: none; stroke-width: 2; }
path.baseline { stroke: var(--base); fill: none; stroke-dasharray: 5 4; }
path.winner { stroke: var(--win); fill: none; stroke-dasharray: 5 4; stroke-width: 1.5; }
svg text.baseline { fill: var(--base); } svg text.winner { fill: var(--win); }
.pictures img { width: 112px; height: 112px; object-fit: contain; image-rendering: pixelated;
  display: block; background: var(--line); } .pictures td { padding: .2rem .3rem .2rem 0; }
.pictures td:first-child { width: 16rem; padding-right: 1rem; vertical-align: middle; }
.bar { background: var(--bar); height: .9rem; min-width: 1px; }
</style>
</head>
<body>
)";

std::string Cell(std::string_view html) { return "<td>" + std::string(html) + "</td>"; }
std::string NumberCell(std::string_view html) {
  return "<td class=\"number\">" + std::string(html) + "</td>";
}
std::string Row(std::string_view name, std::string_view value) {
  return "<tr><th>" + Escaped(name) + "</th><td>" + Escaped(value) + "</td></tr>\n";
}

std::string PolicyHtml(const std::string& line) {
  std::string html;
  for (const auto& steps : WordsOf(line).sub_policies) {
    html += (html.empty() ? "" : "<br>") + Escaped(SubPolicyText(steps));
  }
  return html;
}

std::string BestTable(const SearchSummary& summary) {
  std::string html =
      "<h2>Best policies</h2>\n<div class=\"scroll\"><table>\n<tr><th class=\"number\">trial</th>"
      "<th class=\"number\">score</th><th class=\"number\">scored again</th>"
      "<th class=\"number\">seeds</th><th>sub-policies</th></tr>\n";
  for (const ScoredPolicy& policy : summary.best) {
    html += "<tr>" + NumberCell(std::to_string(policy.trial)) +
            NumberCell(RoundedText(policy.score)) +
            NumberCell(policy.rescores > 0 ? Escaped(ScoreText(policy)) : "") +
            NumberCell(std::to_string(policy.rescores)) + Cell(PolicyHtml(policy.text)) + "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string BaselineTable(const SearchSummary& summary) {
  if (summary.baselines.empty()) return "";
  std::string html =
      "<h2>Baselines</h2>\n<p class=\"soft\">On the same fresh seeds as the policies that were "
      "scored again. Mean \u00b1 standard error.</p>\n<table>\n<tr><th>policy</th>"
      "<th class=\"number\">score</th><th class=\"number\">seeds</th><th></th></tr>\n";
  for (const ScoredPolicy& baseline : summary.baselines) {
    html += "<tr>" + Cell(Escaped(baseline.name)) + NumberCell(Escaped(ScoreText(baseline))) +
            NumberCell(std::to_string(baseline.rescores)) + Cell(PolicyHtml(baseline.text)) +
            "</tr>\n";
  }
  return html + "</table>\n";
}

// How often each op of a policy changes an image: one sub-policy is drawn for each.
std::string OpsTable(const ScoredPolicy& winner) {
  struct Use {
    double share = 0;
    std::string magnitudes;
  };
  const PolicyWords words = WordsOf(winner.text);
  std::map<std::string, Use> uses;
  for (const auto& steps : words.sub_policies) {
    for (const PolicyStepWords& step : steps) {
      if (step.op == "identity" || step.probability == 0) continue;
      Use& use = uses[step.op];
      use.share += step.probability / static_cast<double>(words.sub_policies.size());
      if (step.magnitude.empty()) continue;
      use.magnitudes += (use.magnitudes.empty() ? "" : ", ") + step.magnitude;
    }
  }
  if (uses.empty()) return "<p>The policy changes nothing.</p>\n";
  std::vector<std::pair<std::string, Use>> sorted(uses.begin(), uses.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.share > b.second.share; });
  std::string html =
      "<h2>What the best policy does</h2>\n<table>\n<tr><th>op</th>"
      "<th class=\"number\">per image</th><th></th><th>magnitudes, of " +
      Escaped(words.bins) + "</th></tr>\n";
  for (const auto& [op, use] : sorted) {
    char share[32];
    char width[96];
    std::snprintf(share, sizeof share, "%.2f", use.share);
    std::snprintf(width, sizeof width, "<div class=\"bar\" style=\"width:%.1f%%\"></div>",
                  std::min(use.share, 1.0) * 100);
    html += "<tr>" + Cell(Escaped(op)) + NumberCell(share) + "<td style=\"width:40%\">" + width +
            "</td>" + Cell(Escaped(use.magnitudes)) + "</tr>\n";
  }
  return html + "</table>\n";
}

std::string PicturesHtml(const SearchReport& report, const ScoredPolicy& winner, Console* console) {
  const PolicyWords words = WordsOf(winner.text);
  std::vector<std::string> policies;
  std::vector<std::string> titles = {"as they are"};
  for (size_t i = 0; i < std::min(words.lines.size(), kRowsMax); ++i) {
    policies.push_back(report.session->PolicyToml(words.head + words.lines[i]));
    titles.push_back(SubPolicyText(words.sub_policies[i]));
  }
  const PolicyPictures pictures =
      DrawPolicies(report.options->config, report.overrides, policies, console);
  std::string html = "<h2>The best policy on pictures</h2>\n";
  if (!pictures.note.empty()) {
    console->Warning("--report: " + pictures.note);
    return html + "<p class=\"soft\">" + Escaped(pictures.note) + "</p>\n";
  }
  html +=
      "<p class=\"soft\">A row a sub-policy, of which one is drawn for each image; ops are left "
      "out "
      "as often as their probability says.</p>\n<div class=\"scroll\"><table class=\"pictures\">\n";
  for (size_t row = 0; row < pictures.rows.size(); ++row) {
    html += "<tr><td>" + Escaped(titles[row]) + "</td>";
    for (const std::string& picture : pictures.rows[row]) {
      html += picture.empty() ? "<td class=\"soft\">not readable</td>"
                              : "<td><img alt=\"\" src=\"" + picture + "\"></td>";
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string FailuresTable(const std::vector<FinishedTrial>& finished) {
  std::map<std::string, std::pair<uint64_t, std::string>>
      reasons;  // -> count, an example of stderr
  for (const FinishedTrial& trial : finished) {
    if (trial.outcome.is_good()) continue;
    auto& [count, example] = reasons[trial.outcome.reason];
    ++count;
    if (example.empty()) example = trial.outcome.stderr_tail;
  }
  if (reasons.empty()) return "";
  std::vector<std::pair<std::string, std::pair<uint64_t, std::string>>> sorted(reasons.begin(),
                                                                               reasons.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.first > b.second.first; });
  std::string html =
      "<h2>Failed trials</h2>\n<div class=\"scroll\"><table>\n<tr><th class=\"number\">trials</th>"
      "<th>reason</th><th>stderr of one</th></tr>\n";
  for (size_t i = 0; i < std::min(sorted.size(), kFailuresMax); ++i) {
    const auto& [reason, seen] = sorted[i];
    html += "<tr>" + NumberCell(std::to_string(seen.first)) + Cell(Escaped(reason)) +
            "<td style=\"white-space:pre-wrap\"><code>" + Escaped(seen.second) +
            "</code></td></tr>\n";
  }
  return html + "</table></div>\n";
}

std::string SettingsTable(const SearchSummary& summary, const SearchOptions& options) {
  std::string html = "<h2>Settings</h2>\n<table>\n";
  html += Row("configuration", options.config);
  html += Row("evaluator", options.evaluator.command);
  html += Row("strategy", options.strategy_name);
  html += Row("seed", std::to_string(options.seed));
  html += Row("trials", std::to_string(options.trials));
  html += Row("at a time", std::to_string(summary.parallel) +
                               (summary.world_size > 1
                                    ? " in " + std::to_string(summary.world_size) + " processes"
                                    : ""));
  html += Row("scored again", "the best " + std::to_string(options.rescore_top) + " on " +
                                  std::to_string(options.rescore_seeds) + " fresh seeds");
  if (options.evaluator.timeout_seconds > 0) {
    html += Row("time limit", DurationText(options.evaluator.timeout_seconds));
  }
  html += Row("retries", std::to_string(options.evaluator.retries));
  html += Row("headrace", hr_version());
  return html + "</table>\n";
}

std::string Page(const SearchReport& report, Console* console) {
  const SearchSummary& summary = *report.summary;
  const hr_search_counts& counts = summary.counts;
  const ScoredPolicy* winner = summary.best.empty() ? nullptr : &summary.best[0];
  std::string html(kHead);
  html += "<h1>Policy search</h1>\n<p class=\"soft\">" + std::to_string(counts.search_trials) +
          " policies by " + Escaped(report.options->strategy_name) + ", " +
          std::to_string(counts.scored + counts.failed) + " evaluations in " +
          DurationText(summary.seconds) + ", of which " + std::to_string(counts.failed) +
          " failed</p>\n";
  if (winner != nullptr) {
    html += "<p>Winner: trial " + std::to_string(winner->trial) + ", <b>" +
            Escaped(ScoreText(*winner)) + "</b>" +
            (winner->rescores > 0 ? " on " + std::to_string(winner->rescores) + " fresh seeds"
                                  : std::string()) +
            ". Best score of a single trial: " + RoundedText(counts.best_score) +
            ", which is optimistic, as the best of many is.</p>\n";
  } else {
    html += "<p>No trial succeeded.</p>\n";
  }
  html += "<h2>Learning curve</h2>\n" +
          LearningCurve(report.session->finished(), summary.baselines, winner);
  if (winner != nullptr) {
    html += PicturesHtml(report, *winner, console) + OpsTable(*winner) + BestTable(summary);
    html += "<p><code>" + Escaped(winner->text) + "</code></p>\n";
  }
  html += BaselineTable(summary) + FailuresTable(report.session->finished()) +
          SettingsTable(summary, *report.options);
  return html + "</body>\n</html>\n";
}

}  // namespace

bool WriteReport(const SearchReport& report, Console* console, std::string* error) {
  return WriteWholeFile(report.options->report, Page(report, console), error);
}

}  // namespace headrace::cli
