/* Iterates a data set for two epochs and prints how often each class came: count_classes train.toml */
#include <headrace.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s CONFIG.toml\n", argv[0]), 2;
  HR_INIT(hr_error, error);
  hr_loader *loader = NULL;
  if (hr_loader_open_file(argv[1], NULL, &loader, &error) != HR_OK)
    return fprintf(stderr, "%s\n", error.text), 1;

  HR_INIT(hr_length, length);
  hr_loader_length(loader, &length, NULL);
  uint64_t *seen = calloc(length.classes, sizeof *seen);
  int epochs = 0;
  while (seen != NULL && epochs < 2) {
    hr_batch *batch = NULL;
    const hr_status status = hr_loader_next(loader, -1, &batch, &error);
    if (status == HR_END_OF_EPOCH) {
      ++epochs;
      continue;
    }
    if (status != HR_OK) {
      fprintf(stderr, "%s: %s\n", hr_status_name(status), error.text);
      break;
    }
    HR_INIT(hr_batch_info, info);
    hr_batch_view(batch, &info, NULL); /* a training step would read info.images here */
    for (uint32_t i = 0; i < info.count; ++i)
      if (info.labels != NULL && info.labels[i] >= 0) ++seen[info.labels[i]];
    hr_batch_release(batch);
  }
  for (uint32_t c = 0; seen != NULL && c < length.classes; ++c)
    printf("%s\t%" PRIu64 "\n", hr_loader_class_name(loader, c), seen[c]);
  hr_loader_close(loader);
  free(seen);
  return epochs == 2 ? 0 : 1;
}
