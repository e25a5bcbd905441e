#include "bindings/cli/search_curve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace headrace::cli {
namespace {

// Of the picture, in its own units.
constexpr double kWidth = 900;
constexpr double kHeight = 380;
constexpr double kLeft = 64;
constexpr double kRight = 190;  // room for the names of the lines
constexpr double kTop = 14;
constexpr double kBottom = 44;
constexpr double kNameHeight = 14;
constexpr int kTicksMax = 12;  // about 6 are wanted

// Scores that differ by less, relative to their size or at all, are drawn as equal.
constexpr double kFlat = 1e-9;
constexpr double kTiny = 1e-290;

template <class... Numbers>
std::string Printed(const char* format, Numbers... numbers) {
  char text[256];
  std::snprintf(text, sizeof text, format, numbers...);
  return text;
}

// A step of 1, 2 or 5 times a power of ten that makes about `count` ticks of `range`.
double TickStep(double range, double count) {
  const double rough = range / count;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

class Curve {
 public:
  Curve(const std::vector<FinishedTrial>& finished, const std::vector<ScoredPolicy>& baselines,
        const ScoredPolicy* winner)
      : baselines_(baselines), winner_(winner) {
    for (const FinishedTrial& trial : finished) {
      if (trial.trial.kind != TrialKind::kSearch) continue;
      trials_.push_back(&trial);
      last_id_ = std::max(last_id_, trial.trial.id);
      if (trial.outcome.is_good()) Include(trial.outcome.score);
    }
    std::sort(trials_.begin(), trials_.end(),
              [](const auto* a, const auto* b) { return a->trial.id < b->trial.id; });
    for (const ScoredPolicy& baseline : baselines) Include(baseline.mean);
    if (winner != nullptr) Include(winner->mean);
    if (low_ > high_) low_ = 0, high_ = 1;
    // Means of equal scores differ in their last bits: no step between such lines can be added.
    const double size = std::max(std::abs(low_), std::abs(high_));
    const bool is_flat = high_ - low_ <= std::max(size * kFlat, kTiny);
    const double pad = is_flat ? std::max(size * 0.1, 0.1) : (high_ - low_) * 0.06;
    low_ -= pad;
    high_ += pad;
  }

  std::string Draw() const {
    std::string svg =
        Printed("<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"Score of each trial\">\n",
                kWidth, kHeight);
    svg += Axes() + Points() + BestLine() + Across();
    return svg + "</svg>\n";
  }

 private:
  void Include(double score) {
    if (!std::isfinite(score)) return;
    low_ = std::min(low_, score);
    high_ = std::max(high_, score);
  }
  double X(double id) const {
    return kLeft +
           (kWidth - kLeft - kRight) * id / static_cast<double>(std::max<uint64_t>(last_id_, 1));
  }
  double Y(double score) const {
    return kTop + (kHeight - kTop - kBottom) * (high_ - score) / (high_ - low_);
  }

  std::string Axes() const {
    std::string svg;
    const double step = TickStep(high_ - low_, 6);
    const double first = std::ceil(low_ / step);
    for (int i = 0; i < kTicksMax; ++i) {
      const double tick = (first + i) * step;
      if (tick > high_) break;
      svg += Printed("<line class=\"grid\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>", kLeft,
                     kWidth - kRight, Y(tick), Y(tick));
      svg += Printed("<text class=\"tick\" x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.5g</text>\n",
                     kLeft - 8, Y(tick) + 4, tick == 0 ? 0.0 : tick);
    }
    const double wide = static_cast<double>(std::max<uint64_t>(last_id_, 1));
    const double trials = std::max(TickStep(wide, 8), 1.0);
    for (double tick = 0; tick <= wide; tick += trials) {
      svg += Printed("<text class=\"tick\" x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%.0f</text>",
                     X(tick), kHeight - kBottom + 20, tick);
    }
    svg += Printed("<text class=\"tick\" x=\"%g\" y=\"%g\" text-anchor=\"middle\">trial</text>\n",
                   (kLeft + kWidth - kRight) / 2, kHeight - 6);
    return svg;
  }

  std::string Points() const {
    std::string svg;
    for (const FinishedTrial* trial : trials_) {
      const double x = X(static_cast<double>(trial->trial.id));
      const double floor = kHeight - kBottom;
      const std::string title = "trial " + std::to_string(trial->trial.id) + ": ";
      if (trial->outcome.is_good()) {
        svg += Printed("<circle class=\"trial\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>", x,
                       Y(trial->outcome.score)) +
               title + Printed("%.6g", trial->outcome.score) + "</title></circle>\n";
      } else {
        svg += Printed("<path class=\"failed\" d=\"M%.1f %.1fl6 6m0 -6l-6 6\"><title>", x - 3,
                       floor - 8) +
               title + "failed: " + Escaped(trial->outcome.reason) + "</title></path>\n";
      }
    }
    return svg;
  }

  std::string BestLine() const {
    std::string path;
    double best = -std::numeric_limits<double>::infinity();
    for (const FinishedTrial* trial : trials_) {
      const double x = X(static_cast<double>(trial->trial.id));
      if (!trial->outcome.is_good() || trial->outcome.score <= best) continue;
      best = trial->outcome.score;
      path += path.empty() ? Printed("M%.1f %.1f", x, Y(best)) : Printed("H%.1fV%.1f", x, Y(best));
    }
    if (path.empty()) return "";
    return "<path class=\"best\" d=\"" + path + Printed("H%.1f", kWidth - kRight) + "\"/>\n";
  }

  // The baselines and the winner with their names, which are moved apart where they would lie on
  // one another.
  std::string Across() const {
    struct Line {
      double y;
      std::string name;
      bool is_winner;
    };
    std::vector<Line> lines;
    for (const ScoredPolicy& baseline : baselines_) {
      if (std::isfinite(baseline.mean)) lines.push_back({Y(baseline.mean), baseline.name, false});
    }
    if (winner_ != nullptr && std::isfinite(winner_->mean)) {
      lines.push_back({Y(winner_->mean), "winner, scored again", true});
    }
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.y < b.y; });
    std::vector<double> names;
    for (const Line& line : lines) {
      names.push_back(names.empty() ? line.y : std::max(line.y, names.back() + kNameHeight));
    }
    double floor = kHeight - kBottom;
    for (size_t i = names.size(); i-- > 0; floor = names[i] - kNameHeight) {
      names[i] = std::min(names[i], floor);
    }
    std::string svg;
    for (size_t i = 0; i < lines.size(); ++i) {
      const char* kind = lines[i].is_winner ? "winner" : "baseline";
      svg += Printed("<path class=\"%s\" d=\"M%g %.1fH%gL%g %.1f\"/>", kind, kLeft, lines[i].y,
                     kWidth - kRight, kWidth - kRight + 10, names[i]);
      svg += Printed("<text class=\"%s\" x=\"%g\" y=\"%.1f\">", kind, kWidth - kRight + 14,
                     names[i] + 4) +
             Escaped(lines[i].name) + "</text>\n";
    }
    return svg;
  }

  const std::vector<ScoredPolicy>& baselines_;
  const ScoredPolicy* const winner_;
  std::vector<const FinishedTrial*> trials_;  // of the search proper, in their order
  uint64_t last_id_ = 0;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string LearningCurve(const std::vector<FinishedTrial>& finished,
                          const std::vector<ScoredPolicy>& baselines, const ScoredPolicy* winner) {
  return Curve(finished, baselines, winner).Draw();
}

}  // namespace headrace::cli
