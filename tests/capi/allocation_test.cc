// I11: nothing is allocated per sample after open, but what libjpeg-turbo takes inside itself.
//
// The test replaces malloc, so it is a program of its own and is not built under sanitizers.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <headrace.h>
#include <link.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "tests/support/coco_set.h"
#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> allocations{0};
std::atomic<uint64_t> jpeg_allocations{0};
uintptr_t jpeg_begin = 0;
uintptr_t jpeg_end = 0;

void Count(const void* caller) {
  if (!counting.load(std::memory_order_relaxed)) return;
  const auto address = reinterpret_cast<uintptr_t>(caller);
  auto& counter = address >= jpeg_begin && address < jpeg_end ? jpeg_allocations : allocations;
  counter.fetch_add(1, std::memory_order_relaxed);
}

int FindJpeg(dl_phdr_info* info, size_t, void*) {
  if (strstr(info->dlpi_name, "libjpeg") == nullptr) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    const uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    jpeg_begin = jpeg_begin == 0 ? begin : std::min(jpeg_begin, begin);
    jpeg_end = std::max(jpeg_end, begin + info->dlpi_phdr[i].p_memsz);
  }
  return 1;
}

}  // namespace

extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* old, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) {
  Count(__builtin_return_address(0));
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  Count(__builtin_return_address(0));
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, size_t bytes) {
  Count(__builtin_return_address(0));
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  Count(__builtin_return_address(0));
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** out, size_t alignment, size_t bytes) {
  Count(__builtin_return_address(0));
  *out = __libc_memalign(alignment, bytes);
  return *out == nullptr;
}
}

namespace headrace::testing {
namespace {

// The caller's functions, which allocate nothing themselves.
int Model(void*, const hr_model_in* in, hr_model_out* out) {
  std::fill_n(out->loss, in->rows, 1.0f);
  std::fill_n(const_cast<float*>(out->grad), in->rows * in->stride[0], 0.5f);
  return 0;
}
int Saliency(void*, const hr_model_in* in, hr_saliency_out* out) {
  std::fill_n(out->maps, size_t{in->rows} * in->height * in->width, 0.5f);
  return 0;
}

void SaveAndLoad(hr_loader* loader) {
  char bytes[HR_STATE_BYTES_MAX];
  size_t size = 0;
  EXPECT_EQ(hr_loader_state_save(loader, bytes, sizeof bytes, &size, nullptr), HR_OK);
  EXPECT_EQ(hr_loader_state_load(loader, bytes, size, nullptr), HR_OK);
}

// Runs `epochs` epochs without touching the heap in this thread.
void RunEpochs(hr_loader* loader, int epochs) {
  while (epochs > 0) {
    hr_batch* batch = nullptr;
    const hr_status status = hr_loader_next(loader, -1, &batch, nullptr);
    if (status == HR_END_OF_EPOCH)
      --epochs;
    else if (status != HR_OK)
      break;
    hr_batch_release(batch);
  }
}

class AllocationTest : public ::testing::TestWithParam<const char*> {};

TEST_P(AllocationTest, I11_NothingIsAllocatedPerSample) {
  TempFolder folder;
  MakePictureSet(folder, 60);
  dl_iterate_phdr(FindJpeg, nullptr);
  ASSERT_NE(jpeg_begin, 0u) << "libjpeg is not a shared library here";
  HR_INIT(hr_options, options);
  options.model = Model;
  options.saliency = Saliency;
  const LoaderHandle loader = MustOpen(
      SmallConfig(
          folder.path(),
          "[[mix]]\nop = \"mixup\"\nalpha = 1.0\n[[mix]]\nop = \"cutmix\"\nmode = \"pair\"\n"
          "[[mix]]\nop = \"mixup\"\nmode = \"element\"\n[[mix]]\nop = \"rmix\"\n"
          "[[mix]]\nop = \"rmix\"\nsaliency = \"contrast\"\npairing = \"permute\"\n"
          "[[mix]]\nop = \"ace\"\nrandom_start = true\n"
          "[[mix]]\nop = \"rmix\"\nsaliency = \"model\"\n"
          "[[mix]]\nop = \"rmix\"\nsaliency = \"callback\"\n",
          GetParam()),
      &options);
  RunEpochs(loader.get(), 1);
  SaveAndLoad(loader.get());  // the first looks at the data set
  allocations = 0;
  jpeg_allocations = 0;
  counting = true;
  // The negative control: the counter sees an allocation (which the compiler must not remove).
  void* volatile seen = malloc(1);
  free(seen);
  const uint64_t control = allocations.exchange(0);
  for (int epoch = 0; epoch < 10; ++epoch) {
    RunEpochs(loader.get(), 1);
    SaveAndLoad(loader.get());
  }
  counting = false;
  EXPECT_EQ(control, 1u);
  EXPECT_EQ(allocations, 0u) << "over 600 samples";
  EXPECT_GT(jpeg_allocations, 0u) << "the exception is not needed any more: remove it";
}

INSTANTIATE_TEST_SUITE_P(Readers, AllocationTest,
                         ::testing::Values("workers = 2\nreader = \"auto\"",
                                           "workers = 2\nreader = \"pread\"",
                                           "workers = 2\ncache = \"memory\"",
                                           "workers = 2\nweights = \"balanced\"",
                                           "workers = 2\nshuffle = \"block\"\nshuffle_window = "
                                           "16"));

// Lists and arrays grow to what the largest sample and the largest batch have, and then no more.
TEST(ObjectAllocationTest, I11_NothingIsAllocatedForObjectsOfAKnownSize) {
  TempFolder folder;
  MakeCocoSet(folder, 24);
  const LoaderHandle loader = MustOpen(
      CocoConfig(folder.path(),
                 "[[augment]]\nop = \"random_horizontal_flip\"\np = 1\n[[augment]]\nop = "
                 "\"random_rotation\"\ndegrees = [10, 10]\n[[mix]]\nop = \"mixup\"\nalpha = 1.0\n",
                 "workers = 2"));
  RunEpochs(loader.get(), 30);
  allocations = 0;
  counting = true;
  RunEpochs(loader.get(), 10);
  counting = false;
  EXPECT_EQ(allocations, 0u) << "over 240 samples";
}

}  // namespace
}  // namespace headrace::testing
