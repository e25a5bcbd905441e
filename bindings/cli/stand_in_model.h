// A small classifier that stands in for the user's model where a [[mix]] entry asks for one and the
// command line has none: softmax regression on the colours of an 8 x 8 grid.
//
// It is trained when it is first asked, on pictures of the same configuration, unmixed. Enough to
// show what ACE and R-Mix do with a model; no more. Owner: a command. Thread: the consumer's.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <headrace.h>

#include "bindings/cli/console.h"
#include "bindings/cli/loader_session.h"

namespace headrace::cli {

class StandInModel {
 public:
  // Opens a loader of pictures to learn from: floats, labels as indices, nothing mixed.
  using OpenPictures = std::function<LoaderHandle()>;

  StandInModel(OpenPictures open, Console* console) : open_(std::move(open)), console_(*console) {}

  // For hr_options.model, with the model as its context.
  static int Call(void* model, const hr_model_in* in, hr_model_out* out);

 private:
  int Answer(const hr_model_in& in, hr_model_out* out);
  bool Train();
  // Fills scores_ with the probabilities of the classes.
  void Predict(const float* features);
  double LossOf(int64_t label) const;

  OpenPictures open_;
  Console& console_;
  uint32_t classes_ = 0;
  uint32_t features_ = 0;
  bool trained_ = false;
  std::vector<double> weights_;  // [classes, features + 1]
  std::vector<double> scores_;   // [classes]
  std::vector<float> row_;       // [features]
};

}  // namespace headrace::cli
