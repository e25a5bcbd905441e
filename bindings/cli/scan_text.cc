#include "bindings/cli/scan_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bindings/cli/console.h"
#include "bindings/cli/json_writer.h"

namespace headrace::cli {
namespace {

// As headrace.h has them.
constexpr std::array<double, 9> kMegapixels = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 12};

std::string Text(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Bytes(uint64_t bytes) {
  const double value = static_cast<double>(bytes);
  if (bytes < 1024) return std::to_string(bytes) + " B";
  if (bytes < 1024 * 1024) return Text("%.1f KiB", value / 1024);
  if (bytes < uint64_t{1} << 30) return Text("%.1f MiB", value / (1 << 20));
  return Text("%.2f GiB", value / (1 << 30));
}

void Row(std::string* page, std::string name, const std::string& value) {
  name.resize(14, ' ');
  *page += name + value + "\n";
}

// "7 jpeg, 2 png": those that there are.
struct Part {
  uint64_t count;
  const char* name;
};
std::string Parts(std::initializer_list<Part> parts) {
  std::string text;
  for (const Part& part : parts) {
    if (part.count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(part.count) + " " + part.name;
  }
  return text.empty() ? "none" : text;
}

std::string Spread(const hr_spread& spread) {
  return std::to_string(spread.least) + " to " + std::to_string(spread.most) + ", median " +
         std::to_string(spread.median);
}

void Histogram(std::string* page, const hr_scan_report& report) {
  constexpr double kBarColumns = 40;
  const size_t cells = std::size(report.megapixels);
  const uint64_t most = *std::max_element(report.megapixels, report.megapixels + cells);
  if (most == 0) return;
  *page += "\nmegapixels\n";
  for (size_t i = 0; i < cells; ++i) {
    const uint64_t count = report.megapixels[i];
    std::string name = i < kMegapixels.size() ? Text("  below %g", kMegapixels[i])
                                              : Text("  %g and more", kMegapixels.back());
    name.resize(14, ' ');
    const double share = static_cast<double>(count) / static_cast<double>(most);
    std::string bar(static_cast<size_t>(share * kBarColumns + 0.5), '#');
    if (count > 0 && !bar.empty()) bar += ' ';
    if (count > 0) bar += std::to_string(count);
    *page +=
        bar.empty() ? name.substr(0, name.find_last_not_of(' ') + 1) + "\n" : name + bar + "\n";
  }
}

std::string Place(const ScanFinding& finding) {
  std::string place = Printable(finding.name);
  if (finding.name != finding.path) {
    place += " (" + Printable(finding.path) + " at " + std::to_string(finding.offset) + ")";
  }
  return place;
}

// The findings of a kind, one a line, groups of duplicates apart.
void List(std::string* page, const ScanResult& result, hr_scan_kind kind, const char* title,
          size_t lines_max) {
  size_t count = 0;
  uint64_t group = UINT64_MAX;
  for (const ScanFinding& finding : result.findings) {
    if (finding.kind != kind) continue;
    if (count == 0) *page += std::string("\n") + title + "\n";
    if (++count > lines_max) continue;
    const bool first = kind != HR_SCAN_DUPLICATE || finding.group != group;
    group = finding.group;
    *page += (first ? "  " : "  = ") + Place(finding);
    if (kind == HR_SCAN_BROKEN) {
      *page += std::string(": ") + hr_status_name(finding.code) + ": " + finding.reason;
    }
    *page += "\n";
  }
  if (count > lines_max) {
    *page += "  and " + std::to_string(count - lines_max) + " more; --json has all\n";
  }
}

void JsonSpread(JsonWriter* json, const char* key, const hr_spread& spread) {
  json->Key(key);
  json->BeginObject();
  json->Field("min", spread.least);
  json->Field("median", spread.median);
  json->Field("max", spread.most);
  json->EndObject();
}

void JsonFindings(JsonWriter* json, const ScanResult& result, const char* key, hr_scan_kind kind) {
  json->Key(key);
  json->BeginArray();
  for (const ScanFinding& finding : result.findings) {
    if (finding.kind != kind) continue;
    json->BeginObject();
    json->Field("id", finding.id);
    json->Field("path", finding.path);
    json->Field("name", finding.name);
    json->Field("offset", finding.offset);
    json->Field("bytes", finding.bytes);
    if (kind == HR_SCAN_DUPLICATE) json->Field("group", finding.group);
    if (kind == HR_SCAN_BROKEN) {
      json->Field("code", hr_status_name(finding.code));
      json->Field("reason", finding.reason);
    }
    json->EndObject();
  }
  json->EndArray();
}

void JsonCounts(JsonWriter* json, const hr_scan_report& report) {
  json->Key("formats");
  json->BeginObject();
  json->Field("jpeg", report.jpeg);
  json->Field("png", report.png);
  json->Field("webp", report.webp);
  json->Field("coef", report.coef);
  json->Field("other", report.other_formats);
  json->EndObject();
  json->Key("colours");
  json->BeginObject();
  json->Field("grey", report.grey);
  json->Field("rgb", report.rgb);
  json->Field("cmyk", report.cmyk);
  json->Field("with_alpha", report.with_alpha);
  json->EndObject();
  json->Field("progressive", report.progressive);
  json->Field("turned_by_exif", report.turned);
  JsonSpread(json, "width", report.width);
  JsonSpread(json, "height", report.height);
  JsonSpread(json, "pixels", report.pixels);
  JsonSpread(json, "file_bytes", report.file_bytes);
  json->Key("megapixels");
  json->BeginArray();
  for (size_t i = 0; i < std::size(report.megapixels); ++i) {
    json->BeginObject();
    json->Key("below");
    // JSON has no infinity: the last cell's bound is null.
    json->Number(i < kMegapixels.size() ? kMegapixels[i] : HUGE_VAL);
    json->Field("count", report.megapixels[i]);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

std::string ScanPage(const ScanResult& result, size_t lines_max) {
  const hr_scan_report& report = result.report;
  std::string page;
  const double rate = result.seconds > 0 ? static_cast<double>(report.seen) / result.seconds : 0.0;
  Row(&page, "samples",
      std::to_string(report.seen) + Text(", in %.1f s", result.seconds) + Text(" (%.0f/s)", rate));
  Row(&page, "bytes",
      Bytes(report.bytes) + "; a file " + Bytes(report.file_bytes.least) + " to " +
          Bytes(report.file_bytes.most) + ", median " + Bytes(report.file_bytes.median));
  Row(&page, "formats",
      Parts({{report.jpeg, "JPEG"},
             {report.png, "PNG"},
             {report.webp, "WebP"},
             {report.coef, "coefficient records"},
             {report.other_formats, "not recognised"}}));
  Row(&page, "colours",
      Parts({{report.rgb, "RGB"},
             {report.grey, "grey"},
             {report.cmyk, "CMYK"},
             {report.with_alpha, "of these with alpha"}}));
  const uint64_t pictures = report.rgb + report.grey + report.cmyk;
  const double share =
      pictures > 0 ? 100.0 * static_cast<double>(report.progressive) / static_cast<double>(pictures)
                   : 0.0;
  Row(&page, "progressive", std::to_string(report.progressive) + Text(" (%.1f %%)", share));
  Row(&page, "turned", std::to_string(report.turned) + " by their EXIF orientation");
  Row(&page, "width", Spread(report.width));
  Row(&page, "height", Spread(report.height));
  Row(&page, "broken",
      report.broken == 0 ? "none"
                         : std::to_string(report.broken) + ", of these " +
                               std::to_string(report.over_limits) + " pass a limit");
  Row(&page, "extraneous", std::to_string(report.extraneous) + " have bytes that belong nowhere");
  Row(&page, "duplicates",
      report.duplicate_groups == 0 ? "none"
                                   : std::to_string(report.duplicate_samples) + " copies of " +
                                         std::to_string(report.duplicate_groups) + " files, " +
                                         Bytes(report.duplicate_bytes));
  Histogram(&page, report);
  List(&page, result, HR_SCAN_BROKEN, "broken", lines_max);
  List(&page, result, HR_SCAN_EXTRANEOUS, "extraneous bytes", lines_max);
  List(&page, result, HR_SCAN_DUPLICATE, "the same bytes", lines_max);
  return page;
}

std::string ScanJson(const ScanResult& result) {
  const hr_scan_report& report = result.report;
  JsonWriter json;
  json.BeginObject();
  json.Field("path", result.path);
  json.Field("seconds", result.seconds);
  json.Field("samples", report.seen);
  json.Field("bytes", report.bytes);
  json.Field("good", report.good);
  json.Field("broken", report.broken);
  json.Field("over_limits", report.over_limits);
  json.Field("extraneous", report.extraneous);
  json.Field("duplicate_groups", report.duplicate_groups);
  json.Field("duplicate_samples", report.duplicate_samples);
  json.Field("duplicate_bytes", report.duplicate_bytes);
  JsonCounts(&json, report);
  JsonFindings(&json, result, "broken_samples", HR_SCAN_BROKEN);
  JsonFindings(&json, result, "extraneous_samples", HR_SCAN_EXTRANEOUS);
  JsonFindings(&json, result, "duplicates", HR_SCAN_DUPLICATE);
  json.EndObject();
  return json.Take();
}

}  // namespace headrace::cli
