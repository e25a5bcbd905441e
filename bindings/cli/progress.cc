#include "bindings/cli/progress.h"

#include <algorithm>
#include <cstdio>

namespace headrace::cli {
namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);

}  // namespace

std::string DurationText(double seconds) {
  char text[32];
  const auto whole = static_cast<uint64_t>(seconds + 0.5);
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%u:%02u:%02u", static_cast<unsigned>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60), static_cast<unsigned>(whole % 60));
  } else {
    std::snprintf(text, sizeof text, "%u:%02u", static_cast<unsigned>(whole / 60),
                  static_cast<unsigned>(whole % 60));
  }
  return text;
}

Progress::Progress(Console& console, std::string_view unit)
    : console_(console), unit_(unit), start_(Clock::now()), drawn_(start_ - kRedrawEvery) {}

Progress::~Progress() { Finish(); }

bool Progress::IsDue(Clock::time_point now) {
  if (!console_.is_terminal() || now - drawn_ < kRedrawEvery) return false;
  drawn_ = now;
  return true;
}

void Progress::Update(double fraction, std::string_view figures) {
  if (!IsDue(Clock::now())) return;
  console_.SetStatusLine(BarText(fraction, figures, console_.columns(), console_.has_colour()));
}

void Progress::Update(double fraction, uint64_t count) {
  const Clock::time_point now = Clock::now();
  if (!IsDue(now)) return;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  console_.SetStatusLine(
      ProgressText(fraction, count, unit_, seconds, console_.columns(), console_.has_colour()));
}

void Progress::Say(std::string_view text) {
  if (!IsDue(Clock::now())) return;
  // The last column stays free, as in BarText.
  console_.SetStatusLine(text.substr(0, static_cast<size_t>(std::max(console_.columns() - 1, 0))));
}

std::string ProgressText(double fraction, uint64_t count, std::string_view unit, double seconds,
                         int columns, bool colour) {
  fraction = std::clamp(fraction, 0.0, 1.0);
  char figures[128];
  std::snprintf(figures, sizeof figures, " %3d%%  %llu %.*s  %.0f/s",
                static_cast<int>(fraction * 100), static_cast<unsigned long long>(count),
                static_cast<int>(unit.size()), unit.data(),
                seconds > 0 ? static_cast<double>(count) / seconds : 0.0);
  std::string tail = figures;
  if (fraction > 0) tail += "  " + DurationText(seconds * (1 - fraction) / fraction) + " left";
  return BarText(fraction, tail, columns, colour);
}

std::string BarText(double fraction, std::string_view tail, int columns, bool colour) {
  fraction = std::clamp(fraction, 0.0, 1.0);
  // The last column stays free: a full line would wrap and could not be erased by one return.
  const int room = std::clamp(columns - 1 - static_cast<int>(tail.size()), 0, 40);
  if (room < 8) return std::string(tail.substr(0, static_cast<size_t>(std::max(columns - 1, 0))));
  const int full = static_cast<int>(fraction * room);
  std::string bar;
  for (int i = 0; i < room; ++i) {
    if (colour && i == 0) bar += "\x1b[36m";
    if (colour && i == full) bar += "\x1b[90m";
    bar += i < full ? "\u2501" : (colour ? "\u2501" : "\u2500");
  }
  if (colour) bar += "\x1b[0m";
  return bar.append(tail);
}

}  // namespace headrace::cli
