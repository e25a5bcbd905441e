// keep_u8 and hr_batch_ace, as a user of the C API meets them.
#include <gtest/gtest.h>
#include <headrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <thread>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"
#include "tests/support/pooled_model.h"

namespace headrace::testing {
namespace {

constexpr char kKeep[] =
    "[output]\nkeep_u8 = true\nmean = [0.5, 0.4, 0.3]\nstd = [0.2, 0.25, 0.3]\n";

std::string PixelsOf(const hr_batch* batch) {
  const hr_batch_info info = InfoOf(batch);
  if (info.pixels == nullptr) return {};
  return std::string(reinterpret_cast<const char*>(info.pixels),
                     size_t{info.count} * info.channels * info.height * info.width);
}

class AceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    MakePictureSet(*folder_, 41);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Config(const std::string& extra, const std::string& loader_keys = "") {
    return SmallConfig(folder_->path(), extra, loader_keys);
  }
  // A loss that grows with red: whatever the weights, ACE can raise it.
  static int Redness(void*, const hr_model_in* in, hr_model_out* out) {
    auto* grad = const_cast<float*>(out->grad);
    for (uint32_t row = 0; row < in->rows; ++row) {
      double sum = 0;
      for (uint32_t c = 0; c < in->channels; ++c) {
        for (uint32_t y = 0; y < in->height; ++y) {
          for (uint32_t x = 0; x < in->width; ++x) {
            const int64_t at =
                row * in->stride[0] + c * in->stride[1] + y * in->stride[2] + x * in->stride[3];
            if (c == 0) sum += in->data[at];
            grad[at] = c == 0 ? 1.0f : 0.0f;
          }
        }
      }
      out->loss[row] = static_cast<float>(sum);
    }
    return 0;
  }
  static TempFolder* folder_;
};
TempFolder* AceTest::folder_ = nullptr;

// ------------------------------------------------------------------ keep_u8

TEST_F(AceTest, PixelsAreThoseOfAU8LoaderAndImagesStayAsTheyWere) {
  for (const char* jpeg : {"fast", "exact"}) {
    const std::string decode = std::string("[decode]\njpeg = \"") + jpeg + "\"\n";
    const auto expected =
        DrainEpoch(MustOpen(Config("[output]\ndtype = \"u8\"\n" + decode, "tail = \"pad\"")).get());
    for (const char* dtype : {"f32", "f16", "bf16", "u8"}) {
      for (const char* layout : {"nchw", "nhwc"}) {
        const std::string type =
            std::string("dtype = \"") + dtype + "\"\nlayout = \"" + layout + "\"\n";
        const auto plain =
            DrainEpoch(MustOpen(Config("[output]\n" + type + decode, "tail = \"pad\"")).get());
        const LoaderHandle loader = MustOpen(
            Config("[output]\nkeep_u8 = true\n" + type + decode, "tail = \"pad\"\nworkers = 3"));
        for (size_t i = 0; i < expected.size(); ++i) {
          const BatchHandle batch = Next(loader.get());
          ASSERT_EQ(PixelsOf(batch.get()), expected[i].images) << jpeg << dtype << layout << i;
          ASSERT_EQ(ValueOf(batch.get()), plain[i]);
        }
      }
    }
  }
}

TEST_F(AceTest, PixelsOfBadSamplesAreZero) {
  TempFolder folder;
  MakePictureSet(folder, 8);
  folder.Write("a/bad.jpg", "not a picture");
  const LoaderHandle loader = MustOpen(SmallConfig(
      folder.path(), kKeep, "on_corrupt = \"mark\"\ncorrupt_budget = 1.0\ntail = \"exact\""));
  const BatchHandle first = Next(loader.get());
  const BatchHandle second = Next(loader.get());
  uint32_t marked = 0;
  for (const hr_batch* batch : {first.get(), second.get()}) {
    HR_INIT(hr_batch_info, info);
    ASSERT_EQ(hr_batch_view(batch, &info, nullptr), HR_OK);
    const std::string pixels = PixelsOf(batch);
    const size_t bytes = pixels.size() / info.count;
    for (uint32_t i = 0; i < info.count; ++i) {
      if (info.valid[i] != 0) continue;
      ++marked;
      EXPECT_EQ(pixels.substr(i * bytes, bytes), std::string(bytes, '\0'));
    }
  }
  EXPECT_EQ(marked, 1u);
}

TEST_F(AceTest, PixelsAreOfTheSampleBeforeMixing) {
  const char* mix = "[[mix]]\nop = \"mixup\"\nalpha = 1.0\n";
  const LoaderHandle clean = MustOpen(Config(kKeep));
  const LoaderHandle mixed = MustOpen(Config(std::string(kKeep) + mix));
  for (int i = 0; i < 5; ++i) {
    const BatchHandle a = Next(clean.get());
    const BatchHandle b = Next(mixed.get());
    EXPECT_EQ(PixelsOf(a.get()), PixelsOf(b.get()));
    EXPECT_NE(ValueOf(a.get()).images, ValueOf(b.get()).images);
  }
}

TEST_F(AceTest, ThePlanCountsPixelsAndRoom) {
  HR_INIT(hr_memory, without);
  HR_INIT(hr_memory, with);
  ASSERT_EQ(hr_loader_memory(MustOpen(Config("")).get(), &without, nullptr), HR_OK);
  ASSERT_EQ(hr_loader_memory(MustOpen(Config(kKeep)).get(), &with, nullptr), HR_OK);
  EXPECT_GE(with.batch_bytes, without.batch_bytes);
  // 2 x 8 rows of floats, 8 rows' curves in two copies.
  EXPECT_GE(with.scratch_bytes, without.scratch_bytes + 2 * 8 * 3 * 64 * 4 + 2 * 8 * 3 * 256 * 8);
  EXPECT_GT(with.total_bytes, without.total_bytes);
}

TEST_F(AceTest, SeveralViewsAreRefused) {
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  EXPECT_EQ(OpenToml(Config(std::string("[[augment]]\nop = \"aug_mix\"\nviews = 3\n") + kKeep),
                     &loader, &error),
            HR_CONFIG_VALUE);
  EXPECT_NE(strstr(error.text, "keep_u8"), nullptr) << error.text;
  EXPECT_NE(strstr(error.text, "views"), nullptr) << error.text;
}

// ------------------------------------------------------------------ hr_batch_ace

TEST_F(AceTest, ChangesSomeSamplesAndReports) {
  for (const char* type :
       {"dtype = \"f32\"", "dtype = \"f16\"", "dtype = \"u8\"",
        "dtype = \"f32\"\nlayout = \"nhwc\"", "dtype = \"u8\"\nlayout = \"nhwc\""}) {
    const LoaderHandle loader =
        MustOpen(Config(std::string("[output]\nkeep_u8 = true\n") + type + "\n"));
    const BatchHandle batch = Next(loader.get());
    const BatchValue before = ValueOf(batch.get());
    const std::string pixels_before = PixelsOf(batch.get());
    HR_INIT(hr_ace_config, config);
    config.final_eval = 1;
    HR_INIT(hr_ace_report, report);
    HR_INIT(hr_error, error);
    ASSERT_EQ(hr_batch_ace(batch.get(), &config, Redness, nullptr, &report, &error), HR_OK)
        << error.text;
    const BatchValue after = ValueOf(batch.get());
    EXPECT_EQ(after.labels, before.labels);
    EXPECT_EQ(after.lambda, before.lambda);
    const size_t bytes = before.images.size() / 8;
    const size_t pixel_bytes = pixels_before.size() / 8;
    uint32_t changed = 0;
    for (size_t i = 0; i < 8; ++i) {
      const bool images =
          before.images.substr(i * bytes, bytes) != after.images.substr(i * bytes, bytes);
      const bool pixels = pixels_before.substr(i * pixel_bytes, pixel_bytes) !=
                          PixelsOf(batch.get()).substr(i * pixel_bytes, pixel_bytes);
      EXPECT_EQ(images, pixels) << i;
      changed += images ? 1 : 0;
    }
    EXPECT_EQ(changed, report.rows) << type;
    EXPECT_GT(changed, 0u);  // p is one half
    EXPECT_LT(changed, 8u);
    EXPECT_EQ(report.calls, 6u);
    EXPECT_EQ(report.non_finite, 0u);
    EXPECT_GT(report.loss_after, report.loss_before);
    EXPECT_GT(report.model_ns, 0u);
    EXPECT_GT(report.library_ns, 0u);
  }
}

TEST_F(AceTest, TheResultDependsOnTheBatchAlone) {
  const auto attacked = [](const std::string& loader_keys, uint32_t chunk) {
    const LoaderHandle loader = MustOpen(Config(kKeep, loader_keys));
    std::vector<BatchValue> values;
    for (int i = 0; i < 3; ++i) {
      const BatchHandle batch = Next(loader.get());
      HR_INIT(hr_ace_config, config);
      config.chunk = chunk;
      config.random_start = 1;
      EXPECT_EQ(hr_batch_ace(batch.get(), &config, Redness, nullptr, nullptr, nullptr), HR_OK);
      values.push_back(ValueOf(batch.get()));
    }
    return values;
  };
  const auto expected = attacked("workers = 1", 64);
  EXPECT_EQ(attacked("workers = 4\nprefetch_batches = 2", 64), expected);
  EXPECT_EQ(attacked("workers = 2", 1), expected);
  EXPECT_EQ(attacked("workers = 2", 100000), expected);  // more than there is room for
  EXPECT_NE(attacked("seed = 9", 64), expected);
}

TEST_F(AceTest, EachCallOnABatchChoosesAnew) {
  HR_INIT(hr_options, options);
  const char* overrides[] = {"loader.batch_size=32"};
  options.overrides = overrides;
  options.override_count = 1;
  const LoaderHandle loader = MustOpen(Config(kKeep), &options);
  const BatchHandle batch = Next(loader.get());
  HR_INIT(hr_ace_report, report);
  std::vector<std::string> images = {ValueOf(batch.get()).images};
  for (int call = 0; call < 2; ++call) {
    ASSERT_EQ(hr_batch_ace(batch.get(), nullptr, Redness, nullptr, &report, nullptr), HR_OK);
    images.push_back(ValueOf(batch.get()).images);
  }
  const size_t bytes = images[0].size() / 32;
  uint32_t differ = 0;
  for (size_t i = 0; i < 32; ++i) {
    const auto at = [&](size_t k) { return images[k].substr(i * bytes, bytes); };
    differ += (at(0) != at(1)) != (at(1) != at(2)) ? 1 : 0;
  }
  EXPECT_GT(differ, 4u);
}

hr_status AceOn(const hr_batch* batch, hr_model_fn fn, void* context, hr_error* error,
                const std::function<void(hr_ace_config*)>& edit = {}) {
  HR_INIT(hr_ace_config, config);
  config.p = 1;
  if (edit) edit(&config);
  return hr_batch_ace(const_cast<hr_batch*>(batch), &config, fn, context, nullptr, error);
}

TEST_F(AceTest, WrongUseIsTold) {
  HR_INIT(hr_error, error);
  const auto expect = [&error](hr_status status, hr_status wanted, const char* text) {
    EXPECT_EQ(status, wanted) << error.text;
    EXPECT_NE(strstr(error.text, text), nullptr) << error.text;
  };
  const LoaderHandle loader = MustOpen(Config(kKeep));
  const BatchHandle batch = Next(loader.get());
  const BatchValue before = ValueOf(batch.get());
  expect(AceOn(nullptr, Redness, nullptr, &error), HR_INVALID_ARGUMENT, "batch is NULL");
  expect(AceOn(batch.get(), nullptr, nullptr, &error), HR_INVALID_ARGUMENT, "callback is NULL");
  struct Edit {
    std::function<void(hr_ace_config*)> edit;
    hr_status status;
    const char* text;
  };
  const Edit edits[] = {
      {[](auto* c) { c->struct_size = 0; }, HR_INVALID_ARGUMENT, "struct_size"},
      {[](auto* c) { c->pieces = 1; }, HR_INVALID_ARGUMENT, "pieces"},
      {[](auto* c) { c->pieces = 257; }, HR_INVALID_ARGUMENT, "pieces"},
      {[](auto* c) { c->bound = 0.5; }, HR_INVALID_ARGUMENT, "bound"},
      {[](auto* c) { c->bound = NAN; }, HR_INVALID_ARGUMENT, "bound"},
      {[](auto* c) { c->alpha = -1; }, HR_INVALID_ARGUMENT, "alpha"},
      {[](auto* c) { c->alpha = INFINITY; }, HR_INVALID_ARGUMENT, "alpha"},
      {[](auto* c) { c->alpha = 1e308; }, HR_INVALID_ARGUMENT, "alpha"},
      {[](auto* c) { c->kappa = -1; }, HR_INVALID_ARGUMENT, "kappa"},
      {[](auto* c) { c->p = 1.5; }, HR_INVALID_ARGUMENT, "p must"},
      {[](auto* c) { c->p = NAN; }, HR_INVALID_ARGUMENT, "p must"},
      {[](auto* c) { c->steps = 10001; }, HR_INVALID_ARGUMENT, "steps"},
      {[](auto* c) { c->step = 2; }, HR_INVALID_ARGUMENT, "step"},
      {[](auto* c) { c->keep = -1; }, HR_INVALID_ARGUMENT, "keep"},
      {[](auto* c) { c->threads = 2; }, HR_NOT_IN_THIS_VERSION, "threads"},
  };
  for (const Edit& edit : edits) {
    expect(AceOn(batch.get(), Redness, nullptr, &error, edit.edit), edit.status, edit.text);
  }
  EXPECT_EQ(ValueOf(batch.get()), before);

  const BatchHandle plain = Next(MustOpen(Config("")).get());
  expect(AceOn(plain.get(), Redness, nullptr, &error), HR_INVALID_ARGUMENT, "keep_u8");
  const BatchHandle mixed =
      Next(MustOpen(Config(std::string(kKeep) + "[[mix]]\nop = \"mixup\"\nalpha = 5.0\n")).get());
  expect(AceOn(mixed.get(), Redness, nullptr, &error), HR_INVALID_ARGUMENT, "closed");
  const LoaderHandle mixing =
      MustOpen(Config(std::string(kKeep) + "[[mix]]\nop = \"mixup\"\nalpha = 5.0\n"));
  const BatchHandle still_mixed = Next(mixing.get());
  expect(AceOn(still_mixed.get(), Redness, nullptr, &error), HR_INVALID_ARGUMENT, "mixed");
}

struct FailingModel {
  int calls = 0;
  int fail_at = 0;
  bool throws = false;
  static int Call(void* context, const hr_model_in* in, hr_model_out* out) {
    auto* self = static_cast<FailingModel*>(context);
    if (++self->calls == self->fail_at) {
      if (self->throws) throw 5;
      return 42;
    }
    for (uint32_t row = 0; row < in->rows; ++row) {
      out->loss[row] = 1;
      for (int64_t i = 0; i < in->stride[0]; ++i) {
        const_cast<float*>(out->grad)[row * in->stride[0] + i] = 1.0f;
      }
    }
    return 0;
  }
};

TEST_F(AceTest, AFailureLeavesTheBatchAsItWas) {
  const LoaderHandle loader = MustOpen(Config(kKeep));
  const BatchHandle batch = Next(loader.get());
  const BatchValue before = ValueOf(batch.get());
  const std::string pixels = PixelsOf(batch.get());
  for (const bool throws : {false, true}) {
    for (const int fail_at : {1, 7}) {
      FailingModel model{.fail_at = fail_at, .throws = throws};
      HR_INIT(hr_error, error);
      EXPECT_EQ(AceOn(batch.get(), FailingModel::Call, &model, &error,
                      [](auto* config) { config->chunk = 5; }),
                HR_CALLBACK_FAILED);
      EXPECT_NE(strstr(error.text, throws ? "-1" : "42"), nullptr) << error.text;
      EXPECT_EQ(ValueOf(batch.get()), before);
      EXPECT_EQ(PixelsOf(batch.get()), pixels);
    }
  }
  HR_INIT(hr_stats, stats);
  ASSERT_EQ(hr_loader_stats(loader.get(), &stats, nullptr), HR_OK);
  EXPECT_EQ(stats.callback_failures, 4u);
}

TEST_F(AceTest, RowsThatAreNoNumbersStayClean) {
  const LoaderHandle loader = MustOpen(Config(kKeep));
  const BatchHandle batch = Next(loader.get());
  const BatchValue before = ValueOf(batch.get());
  const auto odd_rows_are_nan = [](void*, const hr_model_in* in, hr_model_out* out) {
    Redness(nullptr, in, out);
    for (uint32_t row = 0; row < in->rows; ++row) {
      if (in->lane[row] % 2 == 1) out->loss[row] = std::numeric_limits<float>::quiet_NaN();
    }
    return 0;
  };
  HR_INIT(hr_ace_config, config);
  config.p = 1;
  HR_INIT(hr_ace_report, report);
  ASSERT_EQ(hr_batch_ace(batch.get(), &config, odd_rows_are_nan, nullptr, &report, nullptr), HR_OK);
  EXPECT_EQ(report.rows, 8u);
  EXPECT_EQ(report.non_finite, 4u);
  const std::string images = ValueOf(batch.get()).images;
  const size_t bytes = images.size() / 8;
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(images.substr(i * bytes, bytes) == before.images.substr(i * bytes, bytes),
              i % 2 == 1);
  }
}

struct Nosy {
  hr_loader* loader = nullptr;
  hr_batch* batch = nullptr;
  std::vector<hr_status> seen;
};

TEST_F(AceTest, TheCallbackCannotCallIntoItsLoader) {
  const LoaderHandle loader = MustOpen(Config(kKeep));
  const BatchHandle batch = Next(loader.get());
  Nosy nosy{loader.get(), batch.get(), {}};
  const auto callback = [](void* context, const hr_model_in* in, hr_model_out* out) {
    auto* self = static_cast<Nosy*>(context);
    hr_batch* other = nullptr;
    HR_INIT(hr_length, length);
    self->seen.push_back(hr_batch_ace(self->batch, nullptr, Redness, nullptr, nullptr, nullptr));
    const float maps[64 * 8] = {1};
    self->seen.push_back(
        hr_batch_rmix(self->batch, nullptr, maps, 8, 8, 64, nullptr, nullptr, nullptr));
    self->seen.push_back(
        hr_batch_rmix_model(self->batch, nullptr, Redness, nullptr, nullptr, nullptr));
    self->seen.push_back(hr_loader_next(self->loader, 0, &other, nullptr));
    self->seen.push_back(hr_loader_length(self->loader, &length, nullptr));
    return Redness(nullptr, in, out);
  };
  EXPECT_EQ(AceOn(batch.get(), callback, &nosy, nullptr, [](auto* config) { config->steps = 1; }),
            HR_OK);
  EXPECT_EQ(nosy.seen, std::vector<hr_status>(5, HR_REENTERED));
  // And the loader goes on.
  EXPECT_NE(Next(loader.get()), nullptr);
}

TEST_F(AceTest, AChildOfForkIsRefused) {
  const LoaderHandle loader = MustOpen(Config(kKeep));
  const BatchHandle batch = Next(loader.get());
  const pid_t child = fork();
  if (child == 0) {
    const bool refused =
        AceOn(batch.get(), Redness, nullptr, nullptr) == HR_FORKED &&
        hr_batch_rmix_model(batch.get(), nullptr, Redness, nullptr, nullptr, nullptr) == HR_FORKED;
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(AceOn(batch.get(), Redness, nullptr, nullptr), HR_OK);
}

TEST_F(AceTest, TwoThreadsTakeTurns) {
  const LoaderHandle loader = MustOpen(Config(kKeep, "workers = 2"));
  std::vector<BatchHandle> batches, again;
  for (int i = 0; i < 4; ++i) batches.push_back(Next(loader.get()));
  const LoaderHandle other = MustOpen(Config(kKeep));
  for (int i = 0; i < 4; ++i) again.push_back(Next(other.get()));
  {
    std::vector<std::jthread> threads;
    for (const BatchHandle& batch : batches) {
      threads.emplace_back(
          [&batch] { EXPECT_EQ(AceOn(batch.get(), Redness, nullptr, nullptr), HR_OK); });
    }
  }
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(AceOn(again[i].get(), Redness, nullptr, nullptr), HR_OK);
    EXPECT_EQ(ValueOf(batches[i].get()), ValueOf(again[i].get()));
  }
}

// ------------------------------------------------------------------ on photographs

TEST(AcePhotosTest, RaisesAModelsLossMoreThanTheBestOfTenRandomFilters) {
  const std::string folder = HEADRACE_DATA_DIR "/imagenet-mini/images";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no pictures in " << folder;
  const std::string head = "[dataset]\npath = \"" + folder +
                           "\"\n[loader]\nbatch_size = 50\nshuffle = \"none\"\n[decode]\n"
                           "checkpoints = \"off\"\n[[augment]]\nop = \"resize\"\nsize = [64, 64]\n";
  const std::string output =
      "[output]\nkeep_u8 = true\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n";
  const LoaderHandle loader = MustOpen(head + output);
  HR_INIT(hr_length, length);
  ASSERT_EQ(hr_loader_length(loader.get(), &length, nullptr), HR_OK);
  PooledModel model(8, length.classes);
  PooledModel::Seen clean;
  std::vector<BatchHandle> batches;
  for (uint64_t b = 0; b < length.batches_per_epoch; ++b) {
    batches.push_back(Next(loader.get()));
    model.Look(batches.back().get(), &clean);
  }
  const auto mean_loss = [&model](const PooledModel::Seen& seen) {
    double sum = 0;
    for (size_t i = 0; i < seen.labels.size(); ++i)
      sum += model.Loss(seen.features[i], seen.labels[i]);
    return sum / static_cast<double>(seen.labels.size());
  };
  const double untrained = mean_loss(clean);
  model.Train(clean.features, clean.labels, 60, 0.01);
  const double clean_loss = mean_loss(clean);
  EXPECT_LT(clean_loss, untrained / 2);

  for (const double bound : {2.0, 8.0}) {
    std::vector<double> best(clean.labels.size(), 0);
    for (int attempt = 0; attempt < 10; ++attempt) {
      const std::string filter =
          "[[augment]]\nop = \"random_color_filter\"\np = 1.0\nfamily = \"extreme\"\nbound = " +
          std::to_string(bound) + "\n";
      const LoaderHandle filtered = MustOpen(head + filter + output);
      PooledModel::Seen seen;
      ASSERT_EQ(hr_loader_set_epoch(filtered.get(), static_cast<uint32_t>(attempt), nullptr),
                HR_OK);
      for (uint64_t b = 0; b < length.batches_per_epoch; ++b) {
        model.Look(Next(filtered.get()).get(), &seen);
      }
      for (size_t i = 0; i < best.size(); ++i) {
        best[i] = std::max(best[i], model.Loss(seen.features[i], seen.labels[i]));
      }
    }
    double best_of_ten = 0;
    for (const double loss : best) best_of_ten += loss / static_cast<double>(best.size());

    const LoaderHandle attacked = MustOpen(head + output);
    PooledModel::Seen seen;
    double reported = 0;
    for (uint64_t b = 0; b < length.batches_per_epoch; ++b) {
      const BatchHandle batch = Next(attacked.get());
      HR_INIT(hr_ace_config, config);
      config.p = 1;
      config.bound = bound;
      config.final_eval = 1;
      HR_INIT(hr_ace_report, report);
      HR_INIT(hr_error, error);
      ASSERT_EQ(hr_batch_ace(batch.get(), &config, PooledModel::Callback, &model, &report, &error),
                HR_OK)
          << error.text;
      EXPECT_EQ(report.rows, 50u);
      reported += report.loss_after / static_cast<double>(length.batches_per_epoch);
      model.Look(batch.get(), &seen);
    }
    const double ace_loss = mean_loss(seen);
    EXPECT_NEAR(ace_loss, reported, 0.05 * reported);
    EXPECT_GT(ace_loss, 1.5 * best_of_ten) << bound;
    printf("bound %g: clean %.3f, best of ten random filters %.3f, ACE %.3f\n", bound, clean_loss,
           best_of_ten, ace_loss);
  }
}

}  // namespace
}  // namespace headrace::testing
