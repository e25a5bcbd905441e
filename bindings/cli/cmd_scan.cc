// headrace scan: reads every sample of a data set and says what is in it, and what is broken.
#include <chrono>
#include <cstring>
#include <string>

#include <headrace.h>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/pack_verify.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/scan_text.h"

namespace headrace::cli {
namespace {

constexpr size_t kLinesMax = 40;  // of a kind, on the page; JSON has all

constexpr OptionSpec kOptions[] = {
    {"verify", 0, "", "Checks a pack: each record against the checksum of its index."},
    {"source", 0, "CONFIG|DIR",
     "With --verify: compares every pixel with the data set that was packed."},
    {"quarantine", 0, "FILE",
     "Adds a line for each broken sample to FILE, as loader.quarantine does."},
    {"workers", 0, "N", "Threads; as many as CPUs by default."},
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

// The context of both callbacks; they run on this thread.
struct Scanning {
  Progress* progress = nullptr;
  ScanResult* result = nullptr;
};

int OnProgress(void* context, const hr_job_progress* progress) {
  const auto& scanning = *static_cast<Scanning*>(context);
  const double all = static_cast<double>(progress->samples);
  const double done = static_cast<double>(progress->samples_done);
  if (progress->samples > 0) {
    scanning.progress->Update(done / all, progress->samples_done);
  } else {  // the data set is being opened
    scanning.progress->Say("opening the data set  " + std::to_string(progress->samples_done) +
                           " samples");
  }
  return Interrupted() ? 1 : 0;
}

void OnFinding(void* context, const hr_scan_finding* finding) {
  ScanFinding kept;
  kept.kind = static_cast<hr_scan_kind>(finding->kind);
  kept.id = finding->id;
  kept.path = finding->path;
  kept.name = finding->name;
  kept.offset = finding->offset;
  kept.bytes = finding->bytes;
  kept.group = finding->group;
  kept.code = static_cast<hr_status>(finding->code);
  kept.reason = finding->text;
  if (finding->errno_value != 0) kept.reason += std::string(": ") + strerror(finding->errno_value);
  static_cast<Scanning*>(context)->result->findings.push_back(std::move(kept));
}

int Run(const ParsedArgs& args, Console& console) {
  if (args.Has("verify")) {
    if (args.Has("quarantine")) return console.Usage("--quarantine: not with --verify");
    return VerifyPack(args.operands()[0], std::string(args.Value("source")), args, console);
  }
  if (args.Has("source")) return console.Usage("--source: only with --verify");
  Overrides overrides;
  std::string text;
  uint64_t workers = 0;
  if (!overrides.Read(args, &text) || !ReadUnsigned(args, "workers", 1, 4096, &workers, &text)) {
    return console.Usage(text);
  }
  ScanResult result;
  result.path = args.operands()[0];
  Progress progress(console, "samples");
  Scanning scanning{&progress, &result};
  const std::string quarantine(args.Value("quarantine"));
  HR_INIT(hr_scan_options, scan);
  scan.workers = static_cast<uint32_t>(workers);
  scan.quarantine = quarantine.empty() ? nullptr : quarantine.c_str();
  scan.progress = OnProgress;
  scan.progress_context = &scanning;
  scan.finding = OnFinding;
  scan.finding_context = &scanning;
  const hr_options options = overrides.ToOptions(console);
  HR_INIT(hr_error, error);
  result.report.struct_size = sizeof(result.report);
  const auto start = std::chrono::steady_clock::now();
  const hr_status status = hr_scan(result.path.c_str(), &options, &scan, &result.report, &error);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  progress.Finish();
  if (status == HR_STOPPED) {
    if (result.report.samples == 0) return console.Fail(status, error);
    console.Error("interrupted after " + std::to_string(result.report.seen) + " of " +
                  std::to_string(result.report.samples) + " samples");
    return kExitInterrupted;
  }
  if (status != HR_OK) return console.Fail(status, error);
  if (args.Has("json")) {
    const int emitted = EmitJson(args, ScanJson(result), console);
    if (emitted != kExitGood) return emitted;
  } else {
    PrintResult(ScanPage(result, kLinesMax));
  }
  return result.report.broken == 0 ? kExitGood : kExitFailure;
}

}  // namespace

constinit const Command kScanCommand = {
    {
        .name = "scan",
        .summary = "reads every sample; lists broken ones and duplicates",
        .operands_text = "CONFIG|PATH",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details =
            "PATH is a folder of pictures, a tar, or a folder of tars. Every sample is read and\n"
            "decoded whole, by all CPUs. Says which formats, sizes and colours there are, which\n"
            "samples are broken and why, which have the same bytes. Exit status 1 when any is\n"
            "broken.\n",
        .example = "  headrace scan data/train --json report.json --quarantine bad.tsv\n",
    },
    Run,
};

}  // namespace headrace::cli
