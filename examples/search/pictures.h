/* The batches of a configuration, by headrace's C API. */
#ifndef EXAMPLES_SEARCH_PICTURES_H_
#define EXAMPLES_SEARCH_PICTURES_H_

#include <headrace.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

/* A loader that is closed in the end. Owner: who made it. Thread: one at a time. Cost: that of the
 * loader; its memory is taken when it opens. What goes wrong is thrown as std::runtime_error with
 * headrace's text, which names the file and the key or the sample. */
class Pictures {
 public:
  /* `overrides`: "dotted.key=value", over the file. */
  Pictures(const std::string& config, const std::vector<std::string>& overrides) : config_(config) {
    std::vector<const char*> texts;
    for (const std::string& text : overrides) texts.push_back(text.c_str());
    HR_INIT(hr_options, options);
    options.overrides = texts.data();
    options.override_count = static_cast<uint32_t>(texts.size());
    HR_INIT(hr_error, error);
    Check(hr_loader_open_file(config.c_str(), &options, &loader_, &error), error);
    length_.struct_size = sizeof length_;
    hr_loader_length(loader_, &length_, nullptr);
  }
  ~Pictures() {
    hr_batch_release(batch_);
    hr_loader_close(loader_);
  }
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  size_t classes() const { return length_.classes; }
  size_t batches() const { return length_.batches_per_epoch; }
  std::string ClassName(size_t label) const {
    const char* name = hr_loader_class_name(loader_, static_cast<int64_t>(label));
    return name != nullptr ? name : "";
  }

  /* Goes on to the next batch: f32 images [count, channels, height, width] and labels, until the
   * next call. False: the epoch is over, and the next call begins another. */
  bool Next() {
    hr_batch_release(batch_);
    batch_ = nullptr;
    HR_INIT(hr_error, error);
    const hr_status status = hr_loader_next(loader_, -1, &batch_, &error);
    if (status == HR_END_OF_EPOCH) return false;
    Check(status, error);
    info_ = hr_batch_info();
    info_.struct_size = sizeof info_;
    Check(hr_batch_view(batch_, &info_, &error), error);
    if (info_.dtype != HR_F32 || info_.layout != HR_NCHW || info_.labels == nullptr ||
        info_.views != 1) {
      throw std::runtime_error(
          config_ +
          ": this program reads dtype = \"f32\", layout = \"nchw\", one view, and "
          "index labels (so nothing that mixes)");
    }
    return true;
  }
  const hr_batch_info& info() const { return info_; }
  size_t pixels() const { return size_t{info_.channels} * info_.height * info_.width; }
  const float* Image(size_t i) const {
    return static_cast<const float*>(info_.images) + i * pixels();
  }
  /* The class of picture i, or -1: it has none, or is padding or marked as bad. */
  int64_t Label(size_t i) const { return info_.valid[i] != 0 ? info_.labels[i] : -1; }

 private:
  static void Check(hr_status status, const hr_error& error) {
    if (status != HR_OK) throw std::runtime_error(error.text);
  }

  std::string config_;
  hr_loader* loader_ = nullptr;
  hr_batch* batch_ = nullptr;
  hr_length length_ = hr_length();
  hr_batch_info info_ = hr_batch_info();
};

#endif
