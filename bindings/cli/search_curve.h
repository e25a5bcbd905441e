// The learning curve of a search as a picture in SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bindings/cli/search_session.h"

namespace headrace::cli {

// `text` with what HTML and XML treat specially made harmless, between quotes too.
std::string Escaped(std::string_view text);

// Scores of the trials, the best so far as a line, failed trials as crosses at the bottom, the
// baselines as lines across. `winner` may be null.
std::string LearningCurve(const std::vector<FinishedTrial>& finished,
                          const std::vector<ScoredPolicy>& baselines, const ScoredPolicy* winner);

}  // namespace headrace::cli
