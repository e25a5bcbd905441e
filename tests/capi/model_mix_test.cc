// [[mix]] entries that need the caller's functions: ace, and rmix by a model or a saliency
// callback.
#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr char kAce[] = "[[mix]]\nop = \"ace\"\n";
constexpr char kRmixModel[] = "[[mix]]\nop = \"rmix\"\nsaliency = \"model\"\nalpha = 1.0\n";
constexpr char kRmixCallback[] = "[[mix]]\nop = \"rmix\"\nsaliency = \"callback\"\nalpha = 1.0\n";

// What the callbacks do, and what they have seen.
struct Functions {
  // From this call on: 0 never.
  int fail_from = 0;
  int nan_from = 0;
  uint32_t grid = 8;
  float value = 0;                 // of maps, added
  uint32_t maps_max = UINT32_MAX;  // maps of a call that are written
  int calls = 0;
  hr_loader* loader = nullptr;
  hr_status inner = HR_OK;
  std::vector<uint64_t> batches;
  std::thread::id thread;

  bool Note(const hr_model_in* in) {
    ++calls;
    batches.push_back(in->batch);
    thread = std::this_thread::get_id();
    if (loader != nullptr) {
      hr_batch* batch = nullptr;
      inner = hr_loader_next(loader, 0, &batch, nullptr);
    }
    return fail_from > 0 && calls >= fail_from;
  }
  // Whether column x of `width` is salient: the left half of even lanes, the right half of odd
  // ones.
  static bool IsSalient(uint32_t lane, uint32_t x, uint32_t width) {
    return (x < width / 2) == (lane % 2 == 0);
  }
  // Loss: the sum of the salient pixels, so that gradients are 1 there and 0 elsewhere.
  static int Model(void* context, const hr_model_in* in, hr_model_out* out) {
    auto* self = static_cast<Functions*>(context);
    if (self->Note(in)) return 3;
    auto* grad = const_cast<float*>(out->grad);
    for (uint32_t row = 0; row < in->rows; ++row) {
      double sum = 0;
      for (uint32_t c = 0; c < in->channels; ++c) {
        for (uint32_t y = 0; y < in->height; ++y) {
          for (uint32_t x = 0; x < in->width; ++x) {
            const int64_t at =
                row * in->stride[0] + c * in->stride[1] + y * in->stride[2] + x * in->stride[3];
            const bool salient = IsSalient(in->lane[row], x, in->width);
            sum += salient ? in->data[at] : 0.0f;
            grad[at] = salient ? 1.0f : 0.0f;
          }
        }
      }
      out->loss[row] = static_cast<float>(sum);
    }
    if (self->nan_from > 0 && self->calls >= self->nan_from) {
      grad[5] = std::numeric_limits<float>::quiet_NaN();
    }
    return 0;
  }
  static int Saliency(void* context, const hr_model_in* in, hr_saliency_out* out) {
    auto* self = static_cast<Functions*>(context);
    EXPECT_EQ(out->grid_height, in->height);
    EXPECT_EQ(out->grid_width, in->width);
    out->grid_height = out->grid_width = self->grid;
    const uint32_t cells = self->grid * self->grid;
    for (uint32_t i = 0; i < std::min(in->rows, self->maps_max) * cells; ++i) {
      const bool salient = IsSalient(in->lane[i / cells], i % self->grid, self->grid);
      out->maps[i] = self->value + (salient ? 1.0f : 0.0f);
    }
    if (self->nan_from > 0 && self->calls + 1 >= self->nan_from) {
      out->maps[2] = std::numeric_limits<float>::infinity();
    }
    return self->Note(in) ? 3 : 0;
  }
  hr_options Options(const char* const* overrides = nullptr, uint32_t count = 0) {
    HR_INIT(hr_options, options);
    options.model = Model;
    options.model_context = this;
    options.saliency = Saliency;
    options.saliency_context = this;
    options.overrides = overrides;
    options.override_count = count;
    return options;
  }
};

// A batch with what its view says of the mix.
struct Mixed {
  BatchValue value;
  int32_t status = 0;
  int32_t entry = 0;
  bool soft = false;
};

std::vector<Mixed> Drain(hr_loader* loader) {
  std::vector<Mixed> batches;
  for (;;) {
    hr_batch* batch = nullptr;
    HR_INIT(hr_error, error);
    const hr_status status = hr_loader_next(loader, 60'000'000'000, &batch, &error);
    if (status == HR_END_OF_EPOCH) return batches;
    EXPECT_EQ(status, HR_OK) << error.text;
    if (status != HR_OK) return batches;
    HR_INIT(hr_batch_info, info);
    EXPECT_EQ(hr_batch_view(batch, &info, nullptr), HR_OK);
    batches.push_back({ValueOf(batch), info.mix_status, info.mix_entry, info.labels == nullptr});
    hr_batch_release(batch);
  }
}

class ModelMixTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, 50);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Config(const std::string& extra, const std::string& loader_keys = "") {
    return SmallConfig(folder_->path(), extra, loader_keys);
  }
  // The same batches, with nothing mixed; labels as `extra` has them.
  static std::vector<BatchValue> Clean(const std::string& labels = "") {
    return DrainEpoch(
        MustOpen(Config("[output]\nlabels = \"" + (labels.empty() ? "index" : labels) + "\"\n"))
            .get());
  }
  static TempFolder* folder_;
};
TempFolder* ModelMixTest::folder_ = nullptr;

TEST_F(ModelMixTest, AFunctionThatIsNeededButNotGivenIsAnErrorAtOpen) {
  struct Case {
    const char* mix;
    const char* needed;
  };
  for (const Case& c :
       {Case{kAce, "set model in hr_options"}, Case{kRmixModel, "set model in hr_options"},
        Case{kRmixCallback, "set saliency in hr_options"}}) {
    LoaderHandle loader;
    HR_INIT(hr_error, error);
    EXPECT_EQ(OpenToml(Config(c.mix), &loader, &error), HR_CONFIG_MISSING);
    EXPECT_NE(strstr(error.text, c.needed), nullptr) << error.text;
    EXPECT_NE(strstr(error.text, "[[mix]]"), nullptr) << error.text;
    EXPECT_NE(strstr(error.text, "(line "), nullptr) << error.text;
  }
}

TEST_F(ModelMixTest, SeveralViewsAreRefused) {
  Functions functions;
  const hr_options options = functions.Options();
  for (const char* mix : {kAce, kRmixModel, kRmixCallback}) {
    LoaderHandle loader;
    HR_INIT(hr_error, error);
    EXPECT_EQ(OpenToml(Config(std::string("[[augment]]\nop = \"aug_mix\"\nviews = 2\n") + mix),
                       &loader, &error, &options),
              HR_CONFIG_VALUE);
    EXPECT_NE(strstr(error.text, "views"), nullptr) << error.text;
  }
}

TEST_F(ModelMixTest, AceChangesEveryPictureAndNoLabel) {
  const auto clean = Clean();
  Functions functions;
  const hr_options options = functions.Options();
  const LoaderHandle loader = MustOpen(Config(kAce), &options);
  const auto attacked = Drain(loader.get());
  ASSERT_EQ(attacked.size(), clean.size());
  for (size_t i = 0; i < clean.size(); ++i) {
    EXPECT_EQ(attacked[i].status, HR_OK);
    EXPECT_EQ(attacked[i].entry, 0);
    EXPECT_FALSE(attacked[i].soft);  // nothing mixes labels
    EXPECT_EQ(attacked[i].value.labels, clean[i].labels);
    EXPECT_EQ(attacked[i].value.ids, clean[i].ids);
    EXPECT_EQ(attacked[i].value.lambda, clean[i].lambda);
    EXPECT_EQ(attacked[i].value.partner, clean[i].partner);
    const size_t bytes = clean[i].images.size() / 8;
    for (size_t n = 0; n < 8; ++n) {
      EXPECT_NE(attacked[i].value.images.substr(n * bytes, bytes),
                clean[i].images.substr(n * bytes, bytes));
    }
  }
  EXPECT_EQ(functions.calls, static_cast<int>(clean.size() * 5));
  EXPECT_EQ(functions.thread, std::this_thread::get_id());
  EXPECT_EQ(functions.batches.back(), clean.size() - 1);
}

TEST_F(ModelMixTest, AceTakesHalfOfTheSamplesAtAHalf) {
  const auto clean = Clean();
  Functions functions;
  const hr_options options = functions.Options();
  const auto attacked = Drain(
      MustOpen(Config(std::string(kAce) + "p = 0.5\nsteps = 1\nchunk = 3\n"), &options).get());
  size_t changed = 0, all = 0;
  for (size_t i = 0; i < clean.size(); ++i) {
    const size_t bytes = clean[i].images.size() / 8;
    for (size_t n = 0; n < 8; ++n, ++all) {
      changed += attacked[i].value.images.substr(n * bytes, bytes) !=
                         clean[i].images.substr(n * bytes, bytes)
                     ? 1
                     : 0;
    }
  }
  EXPECT_GT(changed, all / 4);
  EXPECT_LT(changed, all * 3 / 4);
}

TEST_F(ModelMixTest, BytesDoNotDependOnWorkersOrPrefetch) {
  for (const char* mix : {kAce, kRmixModel, kRmixCallback}) {
    std::vector<BatchValue> expected;
    for (const char* keys : {"workers = 1", "workers = 3", "workers = 2\nprefetch_batches = 7"}) {
      Functions functions;
      const hr_options options = functions.Options();
      std::vector<BatchValue> values;
      for (Mixed& batch : Drain(MustOpen(Config(mix, keys), &options).get())) {
        EXPECT_EQ(batch.status, HR_OK);
        values.push_back(std::move(batch.value));
      }
      if (expected.empty()) expected = values;
      EXPECT_EQ(values, expected) << mix << keys;
    }
    EXPECT_NE(expected, Clean());
  }
}

TEST_F(ModelMixTest, RmixShowsWhatTheMapsFind) {
  // With two patches a side and the quantile .66 a sample's salient half is its mask. Partners with
  // the same mask are blended by one share; others show their own half, and the other's.
  const auto clean = Clean("soft");
  for (const std::string mix : {kRmixModel, kRmixCallback}) {
    Functions functions;
    const hr_options options = functions.Options();
    const auto mixed = Drain(
        MustOpen(Config(mix + "patches = [2]\nquantiles = [0.66]\nlabel_smoothing = 0\n"), &options)
            .get());
    ASSERT_EQ(mixed.size(), clean.size());
    size_t partners = 0, blended = 0;
    for (size_t i = 0; i < clean.size(); ++i) {
      EXPECT_EQ(mixed[i].status, HR_OK);
      EXPECT_EQ(mixed[i].entry, 0);
      EXPECT_TRUE(mixed[i].soft);
      const auto floats = [](const std::string& bytes) {
        std::vector<float> values(bytes.size() / 4);
        memcpy(values.data(), bytes.data(), bytes.size());
        return values;
      };
      const auto own = floats(clean[i].images);
      const auto result = floats(mixed[i].value.images);
      const auto lambda = floats(mixed[i].value.lambda);
      const auto labels = floats(clean[i].labels);
      const auto soft = floats(mixed[i].value.labels);
      std::vector<int32_t> partner(8);
      memcpy(partner.data(), mixed[i].value.partner.data(), 32);
      const size_t elements = own.size() / 8;
      for (size_t n = 0; n < 8; ++n) {
        const auto other = static_cast<size_t>(partner[n]);
        partners += other != n ? 1 : 0;
        const bool alike = n % 2 == other % 2;
        blended += alike ? 1 : 0;
        if (!alike) {
          EXPECT_FLOAT_EQ(lambda[n], 0.5f);
        }
        for (size_t e = 0; e < elements; ++e) {
          const bool shown = Functions::IsSalient(static_cast<uint32_t>(n), e % 8, 8);
          const float share = alike ? lambda[n] : shown ? 1.0f : 0.0f;
          ASSERT_NEAR(result[n * elements + e],
                      share * own[n * elements + e] + (1 - share) * own[other * elements + e],
                      1e-5);
        }
        for (size_t k = 0; k < 2; ++k) {
          ASSERT_NEAR(soft[n * 2 + k],
                      lambda[n] * labels[n * 2 + k] + (1 - lambda[n]) * labels[other * 2 + k],
                      1e-5);
        }
      }
    }
    EXPECT_EQ(partners, clean.size() * 8);  // matching: everybody has one
    EXPECT_GT(blended, 0u);
    EXPECT_LT(blended, partners);
    EXPECT_EQ(functions.calls, static_cast<int>(clean.size()));
  }
}

struct Log {
  std::vector<std::string> warnings;
  static void Write(void* context, hr_log_level level, const char* text) {
    if (level == HR_LOG_WARNING) static_cast<Log*>(context)->warnings.emplace_back(text);
  }
};

TEST_F(ModelMixTest, WhenAFunctionFailsTheBatchComesCleanAndSaysSo) {
  const auto clean = Clean("soft");
  const auto with_index = Clean();
  struct Case {
    const char* mix;
    int fail_from, nan_from;
    uint32_t grid;
    float value;
    const char* warning;
  };
  for (const Case& c :
       {Case{kAce, 11, 0, 8, 0, "returned 3"}, Case{kAce, 0, 12, 8, 0, "number"},
        Case{kRmixModel, 3, 0, 8, 0, "returned 3"}, Case{kRmixModel, 0, 3, 8, 0, "number"},
        Case{kRmixCallback, 3, 0, 8, 0, "returned 3"},
        Case{kRmixCallback, 0, 3, 8, 0, "below 0, or none"},
        Case{kRmixCallback, 0, 0, 1, 0, "fewer cells"},
        Case{kRmixCallback, 0, 0, 9, 0, "larger than the memory"},
        Case{kRmixCallback, 0, 0, 8, -0.5f, "below 0, or none"}}) {
    Functions functions;
    functions.fail_from = c.fail_from;
    functions.nan_from = c.nan_from;
    functions.grid = c.grid;
    functions.value = c.value;
    hr_options options = functions.Options();
    Log log;
    options.log = Log::Write;
    options.log_context = &log;
    const LoaderHandle loader = MustOpen(Config(c.mix), &options);
    const auto mixed = Drain(loader.get());
    const auto& expected = c.mix == kAce ? with_index : clean;
    // Two batches go well where the third is the first to fail.
    const size_t good = c.fail_from > 0 || c.nan_from > 0 ? 2 : 0;
    for (size_t i = 0; i < mixed.size(); ++i) {
      SCOPED_TRACE(std::string(c.mix) + c.warning + std::to_string(i));
      EXPECT_EQ(mixed[i].status, i < good ? HR_OK : HR_CALLBACK_FAILED);
      EXPECT_EQ(mixed[i].entry, i < good ? 0 : -1);
      EXPECT_EQ(mixed[i].value == expected[i], i >= good);
    }
    ASSERT_EQ(log.warnings.size(), 1u) << c.warning;
    EXPECT_NE(log.warnings[0].find(c.warning), std::string::npos) << log.warnings[0];
    EXPECT_NE(log.warnings[0].find("[[mix]]"), std::string::npos) << log.warnings[0];
    HR_INIT(hr_stats, stats);
    ASSERT_EQ(hr_loader_stats(loader.get(), &stats, nullptr), HR_OK);
    EXPECT_EQ(stats.callback_failures, mixed.size() - good);
  }
}

TEST_F(ModelMixTest, MapsThatTheCallbackForgetsAreNoMaps) {
  // The first batch is answered in full, so that its maps lie in the memory of the next ones.
  Functions functions;
  functions.grid = 4;
  const hr_options options = functions.Options();
  const LoaderHandle loader = MustOpen(Config(kRmixCallback), &options);
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, nullptr), HR_OK);
  hr_batch_release(batch);
  functions.maps_max = 1;
  for (const Mixed& later : Drain(loader.get())) EXPECT_EQ(later.status, HR_CALLBACK_FAILED);
}

TEST_F(ModelMixTest, EntriesTakeTurnsByWeight) {
  Functions functions;
  const hr_options options = functions.Options();
  const LoaderHandle loader = MustOpen(
      Config(std::string(kAce) + "steps = 1\n[[mix]]\nop = \"mixup\"\nalpha = 1.0\n" + kRmixModel),
      &options);
  std::vector<int> seen(3);
  for (int epoch = 0; epoch < 10; ++epoch) {
    for (const Mixed& batch : Drain(loader.get())) ++seen.at(static_cast<size_t>(batch.entry));
  }
  for (const int count : seen) EXPECT_GT(count, 5);
}

TEST_F(ModelMixTest, TheCallbackCannotCallIntoItsLoader) {
  Functions functions;
  const hr_options options = functions.Options();
  const LoaderHandle loader = MustOpen(Config(kAce), &options);
  functions.loader = loader.get();
  const auto batches = Drain(loader.get());
  EXPECT_EQ(functions.inner, HR_REENTERED);
  for (const Mixed& batch : batches) EXPECT_EQ(batch.status, HR_OK);
}

// A model that uses another loader, whose own model calls into the first one.
struct Nested {
  hr_loader* outer = nullptr;
  hr_loader* inner = nullptr;
  hr_status outer_status = HR_OK;

  static int Outer(void* context, const hr_model_in* in, hr_model_out* out) {
    hr_batch* batch = nullptr;
    hr_batch_release(hr_loader_next(static_cast<Nested*>(context)->inner, -1, &batch, nullptr) ==
                             HR_OK
                         ? batch
                         : nullptr);
    Functions functions;
    return Functions::Model(&functions, in, out);
  }
  static int Inner(void* context, const hr_model_in* in, hr_model_out* out) {
    auto* self = static_cast<Nested*>(context);
    hr_batch* batch = nullptr;
    self->outer_status = hr_loader_next(self->outer, 0, &batch, nullptr);
    Functions functions;
    return Functions::Model(&functions, in, out);
  }
};

TEST_F(ModelMixTest, ACallbackInsideOfAnotherLoadersIsInsideOfBoth) {
  Nested nested;
  HR_INIT(hr_options, inner);
  inner.model = Nested::Inner;
  inner.model_context = &nested;
  HR_INIT(hr_options, outer);
  outer.model = Nested::Outer;
  outer.model_context = &nested;
  const LoaderHandle inner_loader = MustOpen(Config(kAce), &inner);
  const LoaderHandle outer_loader = MustOpen(Config(kAce), &outer);
  nested.inner = inner_loader.get();
  nested.outer = outer_loader.get();
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(outer_loader.get(), -1, &batch, nullptr), HR_OK);
  hr_batch_release(batch);
  EXPECT_EQ(nested.outer_status, HR_REENTERED);
}

// ------------------------------------------------------------------ hr_batch_rmix_model

TEST_F(ModelMixTest, RmixByAModelIsRmixByTheLengthsOfItsGradients) {
  const std::string config = Config("[output]\nkeep_u8 = true\nlabels = \"soft\"\n");
  for (const char* layout : {"nchw", "nhwc"}) {
    const char* overrides[] = {layout[1] == 'c' ? "output.layout=nchw" : "output.layout=nhwc"};
    HR_INIT(hr_options, options);
    options.overrides = overrides;
    options.override_count = 1;
    const LoaderHandle by_model = MustOpen(config, &options);
    const LoaderHandle by_maps = MustOpen(config, &options);
    for (int b = 0; b < 4; ++b) {
      hr_batch* one = nullptr;
      hr_batch* other = nullptr;
      ASSERT_EQ(hr_loader_next(by_model.get(), -1, &one, nullptr), HR_OK);
      ASSERT_EQ(hr_loader_next(by_maps.get(), -1, &other, nullptr), HR_OK);
      const BatchValue before = ValueOf(one);
      Functions functions;
      HR_INIT(hr_rmix_config, rmix);
      rmix.alpha = 1;
      HR_INIT(hr_rmix_report, report);
      HR_INIT(hr_error, error);
      ASSERT_EQ(hr_batch_rmix_model(one, &rmix, Functions::Model, &functions, &report, &error),
                HR_OK)
          << error.text;
      // The gradient is 1 in all channels of the salient half: so is the map.
      std::vector<float> maps(8 * 64);
      for (uint32_t i = 0; i < maps.size(); ++i) {
        maps[i] = Functions::IsSalient(i / 64, i % 8, 8) ? 1.0f : 0.0f;
      }
      HR_INIT(hr_rmix_report, expected);
      ASSERT_EQ(hr_batch_rmix(other, &rmix, maps.data(), 8, 8, 64, nullptr, &expected, &error),
                HR_OK)
          << error.text;
      EXPECT_EQ(ValueOf(one), ValueOf(other));
      EXPECT_NE(ValueOf(one).images, before.images);
      EXPECT_EQ(report.patches, expected.patches);
      EXPECT_EQ(report.mixed, 8u);
      EXPECT_EQ(report.uniform_maps, 0u);
      EXPECT_GT(report.model_ns, 0u);
      EXPECT_EQ(functions.calls, 1);
      // Neither may follow a mix.
      EXPECT_EQ(hr_batch_rmix_model(one, &rmix, Functions::Model, &functions, nullptr, &error),
                HR_INVALID_ARGUMENT);
      EXPECT_EQ(hr_batch_ace(one, nullptr, Functions::Model, &functions, nullptr, &error),
                HR_INVALID_ARGUMENT);
      hr_batch_release(one);
      hr_batch_release(other);
    }
  }
}

TEST_F(ModelMixTest, RmixByAModelThatFailsLeavesTheBatch) {
  const LoaderHandle loader = MustOpen(Config("[output]\nkeep_u8 = true\n"));
  hr_batch* batch = nullptr;
  ASSERT_EQ(hr_loader_next(loader.get(), -1, &batch, nullptr), HR_OK);
  const BatchValue before = ValueOf(batch);
  Functions functions;
  functions.fail_from = 1;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_batch_rmix_model(batch, nullptr, Functions::Model, &functions, nullptr, &error),
            HR_CALLBACK_FAILED);
  EXPECT_NE(strstr(error.text, "returned 3"), nullptr) << error.text;
  HR_INIT(hr_rmix_config, rmix);
  const uint32_t patches[] = {9};  // of 8 pixels
  rmix.patches = patches;
  rmix.patch_count = 1;
  EXPECT_EQ(hr_batch_rmix_model(batch, &rmix, Functions::Model, &functions, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_NE(strstr(error.text, "patches"), nullptr) << error.text;
  EXPECT_EQ(hr_batch_rmix_model(batch, nullptr, nullptr, nullptr, nullptr, &error),
            HR_INVALID_ARGUMENT);
  EXPECT_EQ(ValueOf(batch), before);
  // A map that is no number is alike everywhere.
  functions.fail_from = 0;
  functions.nan_from = 1;
  HR_INIT(hr_rmix_report, report);
  EXPECT_EQ(hr_batch_rmix_model(batch, nullptr, Functions::Model, &functions, &report, &error),
            HR_OK);
  EXPECT_EQ(report.uniform_maps, 1u);
  hr_batch_release(batch);
}

TEST_F(ModelMixTest, PaddingAndBadSamplesAreNotShown) {
  TempFolder folder;
  MakePictureSet(folder, 10);
  folder.Write("a/bad.jpg", "not a picture");
  struct Seen {
    uint32_t rows = 0;
    static int Model(void* context, const hr_model_in* in, hr_model_out* out) {
      for (uint32_t row = 0; row < in->rows; ++row) {
        EXPECT_GE(in->label[row], 0);
        out->loss[row] = 0;
      }
      static_cast<Seen*>(context)->rows += in->rows;
      std::fill_n(const_cast<float*>(out->grad), in->rows * in->stride[0], 1.0f);
      return 0;
    }
  } seen;
  HR_INIT(hr_options, options);
  options.model = Seen::Model;
  options.model_context = &seen;
  const LoaderHandle loader =
      MustOpen(SmallConfig(folder.path(), std::string(kAce) + "steps = 2\n",
                           "tail = \"pad\"\non_corrupt = \"mark\"\ncorrupt_budget = 1.0"),
               &options);
  EXPECT_EQ(Drain(loader.get()).size(), 2u);
  EXPECT_EQ(seen.rows, 2u * 10);
}

}  // namespace
}  // namespace headrace::testing
