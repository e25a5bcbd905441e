#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bindings/c/boundary.h"
#include "bindings/c/job_hooks.h"
#include "bindings/c/options.h"
#include "loader/open_watch.h"
#include "loader/pipeline/bad_samples.h"
#include "loader/quarantine_file.h"
#include "loader/scan/scan.h"
#include "loader/scan/scan_report.h"
#include "loader/scan/scan_source.h"

namespace headrace::capi {
namespace {

using loader::FindingKind;
using loader::SampleFact;
using loader::ScanFinding;

static_assert(sizeof(hr_scan_report::megapixels) ==
              sizeof(uint64_t) * (loader::kMegapixelBounds.size() + 1));

hr_spread SpreadOf(const loader::Spread& spread) {
  return {spread.least, spread.median, spread.most};
}

hr_scan_report ReportOf(const loader::ScanReport& from, bool cancelled) {
  hr_scan_report report = {};
  report.cancelled = cancelled ? 1 : 0;
  report.samples = from.samples;
  report.seen = from.seen;
  report.good = from.good;
  report.broken = from.broken;
  report.over_limits = from.over_limits;
  report.extraneous = from.extraneous;
  report.duplicate_groups = from.duplicate_groups;
  report.duplicate_samples = from.duplicate_samples;
  report.duplicate_bytes = from.duplicate_bytes;
  report.bytes = from.bytes;
  report.jpeg = from.jpeg;
  report.png = from.png;
  report.webp = from.webp;
  report.coef = from.coef;
  report.other_formats = from.other_formats;
  report.grey = from.grey;
  report.rgb = from.rgb;
  report.cmyk = from.cmyk;
  report.with_alpha = from.with_alpha;
  report.progressive = from.progressive;
  report.turned = from.turned;
  report.width = SpreadOf(from.width);
  report.height = SpreadOf(from.height);
  report.pixels = SpreadOf(from.pixels);
  report.file_bytes = SpreadOf(from.file_bytes);
  std::copy(from.megapixels.begin(), from.megapixels.end(), report.megapixels);
  return report;
}

// Tells the caller of each finding.
void TellFindings(const loader::Dataset& dataset, const std::vector<SampleFact>& facts,
                  const std::vector<ScanFinding>& findings, const hr_scan_options& scan) {
  if (scan.finding == nullptr) return;
  for (const ScanFinding& one : findings) {
    const SampleFact& fact = facts[one.id];
    const loader::Extent extent = dataset.Locate(one.id);
    const std::string name = dataset.Name(one.id);
    hr_scan_finding finding = {};
    finding.struct_size = sizeof(finding);
    switch (one.kind) {
      case FindingKind::kBroken: finding.kind = HR_SCAN_BROKEN; break;
      case FindingKind::kExtraneous: finding.kind = HR_SCAN_EXTRANEOUS; break;
      case FindingKind::kDuplicate: finding.kind = HR_SCAN_DUPLICATE; break;
    }
    finding.id = static_cast<int64_t>(one.id);
    finding.path = extent.path;
    finding.name = name.c_str();
    finding.offset = extent.offset;
    finding.bytes = fact.bytes;
    finding.group = one.group;
    if (one.kind == FindingKind::kBroken) {
      finding.code = static_cast<int32_t>(fact.status.code());
      finding.errno_value = fact.status.error_number();
      finding.text = fact.status.text();
    } else {
      finding.text = "";
    }
    scan.finding(scan.finding_context, &finding);
  }
}

hr_status Quarantine(const loader::Dataset& dataset, const std::vector<SampleFact>& facts,
                     const std::vector<ScanFinding>& findings, loader::QuarantineFile* file,
                     hr_error* error) {
  if (file == nullptr) return HR_OK;
  for (const ScanFinding& one : findings) {
    if (one.kind != FindingKind::kBroken) continue;
    file->Add(dataset, one.id, std::nullopt, facts[one.id].status);
  }
  const Status status = file->Flush();
  if (status.ok()) return HR_OK;
  return SetError(error, status.code(),
                  file->path() + ": " + status.text() + ": " + strerror(status.error_number()),
                  status.error_number());
}

// Reads the caller's struct; defaults of NULL.
hr_status ReadScanOptions(const hr_scan_options* in, hr_scan_options* scan, hr_error* error) {
  if (Read(in, scan)) return HR_OK;
  return SetError(error, Code::kInvalidArgument, "hr_scan_options: struct_size is not set");
}

hr_status Scan(const char* path, const hr_options* raw_options, const hr_scan_options* raw_scan,
               hr_scan_report* out, hr_error* error) {
  if (path == nullptr || !CanFill(out)) {
    return SetError(error, Code::kInvalidArgument,
                    "path is NULL, or the report's struct_size is not set");
  }
  hr_options options;
  std::vector<std::string> overrides;
  hr_status status = ReadOptions(raw_options, &options, &overrides, error);
  hr_scan_options scan;
  if (status == HR_OK) status = ReadScanOptions(raw_scan, &scan, error);
  if (status == HR_OK) status = ForceSimdFromEnvironment(error);
  if (status != HR_OK) return status;

  loader::Config config;
  loader::ConfigError config_error;
  std::unique_ptr<loader::Dataset> dataset;
  std::unique_ptr<loader::QuarantineFile> quarantine;
  LogSink log;
  if (options.log != nullptr) log = LogHook(&options);
  const std::string list = scan.quarantine != nullptr ? scan.quarantine : "";
  loader::JobHooks hooks;
  hooks.progress = ProgressHook(scan.progress, scan.progress_context);
  {
    loader::OpenWatch watch(
        hooks.progress ? hooks.progress : ProgressHook(options.progress, options.progress_context),
        loader::OpenWatch::First::kLater);
    if (!loader::ConfigOfPath(path, overrides, &config, &config_error) ||
        !loader::OpenPath(path, config, log, &dataset, &config_error) ||
        (!list.empty() && !loader::QuarantineFile::Open(list, &quarantine, &config_error))) {
      if (config_error.code == Code::kStopped && out != nullptr) {
        const hr_scan_report nothing = ReportOf({}, true);
        FillStruct(out, &nothing, sizeof(nothing));
      }
      return SetError(error, config_error);
    }
  }
  const uint32_t workers = scan.workers > 0 ? scan.workers : config.loader.workers;
  std::vector<SampleFact> facts;
  bool cancelled = false;
  loader::JobError job_error;
  if (!loader::ScanDataset(config, *dataset, workers, hooks, &facts, &cancelled, &job_error)) {
    return SetError(error, job_error);
  }
  std::vector<ScanFinding> findings;
  const loader::ScanReport report = loader::MakeScanReport(facts, &findings);
  TellFindings(*dataset, facts, findings, scan);
  status = Quarantine(*dataset, facts, findings, quarantine.get(), error);
  if (out != nullptr) {
    const hr_scan_report filled = ReportOf(report, cancelled);
    FillStruct(out, &filled, sizeof(filled));
  }
  if (status == HR_OK && cancelled) {
    return SetError(error, Code::kStopped, "the progress callback ended the scan");
  }
  return status;
}

}  // namespace
}  // namespace headrace::capi

hr_status hr_scan(const char* path, const hr_options* options, const hr_scan_options* scan,
                  hr_scan_report* out, hr_error* error) {
  return headrace::capi::Fence(
      error, [&] { return headrace::capi::Scan(path, options, scan, out, error); });
}
