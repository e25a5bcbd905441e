/* Scores an augmentation policy: trains a small model on the pictures of TRAIN.toml, and prints
 * which share of those of HELD_OUT.toml it gets right, as the last line. The same command line
 * gives the same score.
 *
 *   evaluate TRAIN.toml HELD_OUT.toml [--seed N] [--epochs N] [--filters N] [--cells N] [-s
 * KEY=VALUE]...
 *
 * -s puts a value over TRAIN.toml, which is how a policy comes in: -s augment.1.policy=policy.toml
 */
#include <getopt.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "classifier.h"
#include "features.h"
#include "pictures.h"

namespace {

struct Options {
  std::string train, held_out;
  std::vector<std::string> overrides;
  size_t seed = 0; /* of the order and of every draw of the augmentation; the model has none */
  size_t epochs = 60;
  size_t filters = 64; /* a multiple of Features::kBlock */
  size_t cells = 7;
};

/* Fixed features and what is trained on them. */
struct Model {
  Model(const Options& options, const Pictures& train)
      : features(train.info().channels, train.info().height, train.info().width, options.filters,
                 options.cells),
        classifier(features.size(), train.classes(), options.epochs * train.batches()) {}

  Features features;
  Classifier classifier;
};

/* Trains on every epoch of `train`. */
std::unique_ptr<Model> Train(const Options& options, Pictures* train) {
  std::unique_ptr<Model> model;
  std::vector<float> rows;
  std::vector<int64_t> labels;
  for (size_t epoch = 0; epoch < options.epochs; ++epoch) {
    while (train->Next()) {
      if (train->info().height < Features::kSide || train->info().width < Features::kSide)
        throw std::runtime_error(options.train +
                                 ": pictures are smaller than the filters of 7 x 7");
      if (!model) model = std::make_unique<Model>(options, *train);
      rows.resize(train->info().count * model->features.size());
      labels.clear();
      for (size_t i = 0; i < train->info().count; ++i) {
        if (train->Label(i) < 0) continue;
        model->features.Of(train->Image(i), &rows[labels.size() * model->features.size()]);
        labels.push_back(train->Label(i));
      }
      model->classifier.Step(rows.data(), labels.data(), labels.size());
    }
  }
  if (!model)
    throw std::runtime_error(options.train + ": not one batch in an epoch; use tail = \"exact\"");
  return model;
}

/* The share of `held_out` that the model gets right. */
double Score(const Options& options, const Model& model, size_t pixels, Pictures* held_out) {
  size_t right = 0;
  size_t all = 0;
  std::vector<float> row(model.features.size());
  while (held_out->Next()) {
    if (held_out->pixels() != pixels)
      throw std::runtime_error(options.held_out +
                               ": pictures are of another size than those to train on");
    for (size_t i = 0; i < held_out->info().count; ++i) {
      if (held_out->Label(i) < 0) continue;
      model.features.Of(held_out->Image(i), row.data());
      right += model.classifier.Predict(row.data()) == held_out->Label(i);
      ++all;
    }
  }
  if (all == 0) throw std::runtime_error(options.held_out + ": has no picture with a label");
  return static_cast<double>(right) / static_cast<double>(all);
}

double Evaluate(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  overrides.push_back("loader.seed=" + std::to_string(options.seed));
  Pictures train(options.train, overrides);
  Pictures held_out(options.held_out, {});
  bool same = train.classes() == held_out.classes();
  for (size_t c = 0; same && c < train.classes(); ++c)
    same = train.ClassName(c) == held_out.ClassName(c);
  if (!same)
    throw std::runtime_error(options.held_out + ": has other classes than " + options.train);
  const std::unique_ptr<Model> model = Train(options, &train);
  return Score(options, *model, train.pixels(), &held_out);
}

/* A whole number from `least` to `most`, for an option. */
bool Parse(const char* text, size_t least, size_t most, size_t* out) {
  char* end = nullptr;
  const unsigned long value = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most) return false;
  *out = value;
  return true;
}

int Usage(const char* program) {
  fprintf(stderr,
          "usage: %s TRAIN.toml HELD_OUT.toml [--seed N] [--epochs N] [--filters N] [--cells N] "
          "[-s KEY=VALUE]...\n"
          "(seed below 2^32, epochs 1 to 100000, filters a multiple of %zu up to 4096, cells 1 to "
          "256)\n",
          program, Features::kBlock);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const option names[] = {{"seed", required_argument, nullptr, 'r'},
                          {"epochs", required_argument, nullptr, 'e'},
                          {"filters", required_argument, nullptr, 'f'},
                          {"cells", required_argument, nullptr, 'c'},
                          {nullptr, 0, nullptr, 0}};
  bool good = true;
  for (int name = 0; (name = getopt_long(argc, argv, "s:", names, nullptr)) != -1;) {
    switch (name) {
      case 's': options.overrides.emplace_back(optarg); break;
      case 'r': good = good && Parse(optarg, 0, UINT32_MAX, &options.seed); break;
      case 'e': good = good && Parse(optarg, 1, 100000, &options.epochs); break;
      case 'f': good = good && Parse(optarg, Features::kBlock, 4096, &options.filters); break;
      case 'c': good = good && Parse(optarg, 1, 256, &options.cells); break;
      default: good = false;
    }
  }
  good = good && options.filters % Features::kBlock == 0;
  if (!good || argc - optind != 2) return Usage(argv[0]);
  options.train = argv[optind];
  options.held_out = argv[optind + 1];
  try {
    printf("%.4f\n", Evaluate(options));
    return 0;
  } catch (const std::exception& error) {
    fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}
