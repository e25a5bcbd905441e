/* The header as strict C11, and the shape of every call from C. Prints what failed; 0 when nothing.
 * usage: c_api_test FOLDER (made by the caller, empty) */
#include <headrace.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failures = 0;
#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

static void make_set(const char *folder) {
  static unsigned char pixels[20 * 30 * 3];
  char path[1024];
  HR_INIT(hr_image, image);
  HR_INIT(hr_error, error);
  int i;
  image.width = 30;
  image.height = 20;
  image.channels = 3;
  image.stride_bytes = 90;
  image.pixels = pixels;
  for (i = 0; i < 6; ++i) {
    memset(pixels, 40 * i, sizeof pixels);
    snprintf(path, sizeof path, "%s/%s", folder, i % 2 ? "odd" : "even");
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%d.%s", folder, i % 2 ? "odd" : "even", i,
             i < 3 ? "png" : "jpg");
    CHECK(hr_image_write(path, &image, 0, &error) == HR_OK);
  }
}

static void check_loader(const char *folder) {
  char toml[2048];
  HR_INIT(hr_error, error);
  HR_INIT(hr_options, options);
  HR_INIT(hr_length, length);
  HR_INIT(hr_memory, memory);
  HR_INIT(hr_stats, stats);
  HR_INIT(hr_batch_info, info);
  const char *overrides[] = {"loader.batch_size=2", "output.dtype=\"u8\"", "output.layout=\"nhwc\""};
  hr_loader *loader = NULL;
  hr_batch *batch = NULL;
  int batches = 0;
  hr_status status;
  unsigned char state[HR_STATE_BYTES_MAX];
  size_t state_size = 0;

  snprintf(toml, sizeof toml,
           "[dataset]\npath = \"%s\"\n[loader]\nshuffle = \"none\"\n"
           "[[augment]]\nop = \"resize\"\nsize = [20, 30]\n",
           folder);
  options.overrides = overrides;
  options.override_count = 3;
  CHECK(hr_loader_open_toml(toml, strlen(toml), &options, &loader, &error) == HR_OK);
  if (loader == NULL) {
    fprintf(stderr, "%s\n", error.text);
    return;
  }
  CHECK(hr_loader_length(loader, &length, &error) == HR_OK);
  CHECK(length.samples == 6 && length.classes == 2 && length.batches_per_epoch == 3);
  CHECK(strcmp(hr_loader_class_name(loader, 0), "even") == 0);
  CHECK(hr_loader_class_name(loader, 2) == NULL);
  CHECK(strcmp(hr_loader_sample_path(loader, 0), "even/0.png") == 0);
  CHECK(hr_loader_sample_path(loader, -1) == NULL);
  CHECK(hr_loader_memory(loader, &memory, &error) == HR_OK);
  CHECK(memory.total_bytes == memory.batch_bytes + memory.lane_bytes + memory.scratch_bytes +
                                  memory.big_image_bytes + memory.index_bytes + memory.other_bytes);
  while ((status = hr_loader_next(loader, -1, &batch, &error)) == HR_OK) {
    CHECK(hr_batch_view(batch, &info, &error) == HR_OK);
    CHECK(info.count == 2 && info.height == 20 && info.width == 30 && info.channels == 3);
    CHECK(info.dtype == HR_U8 && info.layout == HR_NHWC && info.images_bytes == 2 * 20 * 30 * 3);
    if (batches == 0) {
      const unsigned char *p = (const unsigned char *)info.images;
      CHECK(info.ids[0] == 0 && info.labels[0] == 0 && info.valid[0] == 1);
      CHECK(p[0] == 0 && p[20 * 30 * 3] == 80); /* even/0 is black, even/2 is 80 */
    }
    hr_batch_release(batch);
    ++batches;
  }
  CHECK(status == HR_END_OF_EPOCH && batches == 3 && batch == NULL);
  CHECK(hr_loader_set_epoch(loader, 7, &error) == HR_OK);
  CHECK(hr_loader_next(loader, -1, &batch, &error) == HR_OK);
  CHECK(hr_batch_view(batch, &info, &error) == HR_OK && info.epoch == 7);
  hr_batch_release(batch);
  CHECK(hr_loader_state_save(loader, state, sizeof state, &state_size, &error) == HR_OK);
  CHECK(hr_loader_set_epoch(loader, 0, &error) == HR_OK);
  CHECK(hr_loader_state_load(loader, state, state_size, &error) == HR_OK);
  CHECK(hr_loader_length(loader, &length, &error) == HR_OK);
  CHECK(length.batches_per_epoch == 3 && length.batches_this_epoch == 2);
  CHECK(hr_loader_next(loader, -1, &batch, &error) == HR_OK);
  CHECK(hr_batch_view(batch, &info, &error) == HR_OK && info.epoch == 7 && info.ids[0] == 2);
  CHECK(info.batch == 1 && info.global_batch == 1);
  hr_batch_release(batch);
  state[20] ^= 1;
  CHECK(hr_loader_state_load(loader, state, state_size, &error) == HR_CORRUPT);
  CHECK(hr_loader_stats(loader, &stats, &error) == HR_OK);
  CHECK(stats.batches == 5 && stats.samples >= 8 && stats.bytes_read > 0);
  CHECK(strlen(stats.reader) > 0 && strlen(stats.simd_target) > 0);
  hr_loader_stop(loader);
  CHECK(hr_loader_next(loader, -1, &batch, &error) == HR_STOPPED);
  hr_loader_close(loader);
}

/* The brighter, the better: gradients are 1. */
static int brightness(void *context, const hr_model_in *in, hr_model_out *out) {
  static const float one = 1.0f;
  uint32_t row;
  ++*(int *)context;
  for (row = 0; row < in->rows; ++row) out->loss[row] = in->data[row * in->stride[0]];
  out->grad = &one;
  out->stride[0] = out->stride[1] = out->stride[2] = out->stride[3] = 0;
  return 0;
}

static void check_models(const char *folder) {
  char toml[2048];
  hr_loader *loader = NULL;
  hr_batch *batch = NULL;
  int calls = 0;
  HR_INIT(hr_error, error);
  HR_INIT(hr_batch_info, info);
  HR_INIT(hr_ace_config, config);
  HR_INIT(hr_ace_report, report);
  HR_INIT(hr_rmix_report, rmix_report);
  snprintf(toml, sizeof toml,
           "[dataset]\npath = \"%s\"\n[loader]\nshuffle = \"none\"\nbatch_size = 2\n"
           "[output]\nkeep_u8 = true\n[[augment]]\nop = \"resize\"\nsize = [20, 30]\n",
           folder);
  CHECK(hr_loader_open_toml(toml, strlen(toml), NULL, &loader, &error) == HR_OK);
  CHECK(hr_loader_next(loader, -1, &batch, &error) == HR_OK);
  if (batch == NULL) return;
  config.p = 1;
  config.bound = 4;
  config.final_eval = 1;
  CHECK(hr_batch_ace(batch, &config, brightness, &calls, &report, &error) == HR_OK);
  CHECK(calls == 6 && report.calls == 6 && report.rows == 2 && report.non_finite == 0);
  CHECK(report.loss_after > report.loss_before);
  CHECK(hr_batch_view(batch, &info, &error) == HR_OK);
  /* even/0 is black and stays so; even/2 is 80, and 4 lets no value move further than 85. */
  CHECK(info.pixels[0] == 0 && info.pixels[1800] > 90 && info.pixels[1800] <= 166);
  CHECK(((const float *)info.images)[1800] == (float)(info.pixels[1800] / 255.0));
  CHECK(hr_batch_rmix_model(batch, NULL, brightness, &calls, &rmix_report, &error) == HR_OK);
  CHECK(calls == 7 && rmix_report.mixed == 2 && info.partner[0] == 1 && info.partner[1] == 0);
  CHECK(hr_batch_ace(batch, &config, brightness, &calls, &report, &error) == HR_INVALID_ARGUMENT);
  hr_batch_release(batch);
  hr_loader_close(loader);
}

static void check_errors(void) {
  HR_INIT(hr_error, error);
  hr_loader *loader = NULL;
  CHECK(hr_loader_open_file("/nonexistent/x.toml", NULL, &loader, &error) == HR_NOT_FOUND);
  CHECK(strstr(error.text, "x.toml") != NULL && error.code == HR_NOT_FOUND);
  CHECK(hr_loader_open_toml("nonsense", 8, NULL, &loader, NULL) == HR_CONFIG_SYNTAX);
  CHECK(hr_loader_open_toml(NULL, 4, NULL, &loader, &error) == HR_INVALID_ARGUMENT);
  CHECK(hr_loader_open_file(NULL, NULL, &loader, &error) == HR_INVALID_ARGUMENT);
  CHECK(loader == NULL);
  CHECK(hr_loader_next(NULL, 0, NULL, &error) == HR_INVALID_ARGUMENT);
  CHECK(hr_batch_view(NULL, NULL, &error) == HR_INVALID_ARGUMENT);
  hr_loader_stop(NULL);
  hr_loader_close(NULL);
  hr_batch_release(NULL);
  hr_transform_close(NULL);
  /* Each struct of options that takes overrides says its own name. */
  HR_INIT(hr_options, loading);
  HR_INIT(hr_search_options, searching);
  HR_INIT(hr_pack_options, packing);
  HR_INIT(hr_pack_report, report);
  const char *const overrides[] = {"limits.max_side=8", NULL};
  hr_loader *none = NULL;
  hr_search *search = NULL;
  loading.override_count = searching.override_count = packing.override_count = 2;
  loading.overrides = packing.overrides = overrides;
  CHECK(hr_loader_open_file("/not/there.toml", &loading, &none, &error) == HR_INVALID_ARGUMENT);
  CHECK(strcmp(error.text, "hr_options: an override is NULL") == 0);
  CHECK(hr_search_open(NULL, 0, &searching, &search, &error) == HR_INVALID_ARGUMENT);
  CHECK(strcmp(error.text, "hr_search_options: an override is NULL") == 0);
  CHECK(hr_unpack("/not/there", "/nor/there", &packing, &report, &error) == HR_INVALID_ARGUMENT);
  CHECK(strcmp(error.text, "hr_pack_options: an override is NULL") == 0);
}

static void check_transform(const char *folder) {
  static unsigned char bytes[1 << 16];
  const char *ops[] = {"op = \"center_crop\", size = [10, 12]"};
  char path[1024];
  char text[4096];
  size_t length = 0, needed = 0;
  FILE *file;
  hr_transform *transform = NULL;
  HR_INIT(hr_error, error);
  HR_INIT(hr_image, image);
  hr_image crops[10];
  size_t i;
  for (i = 0; i < 10; ++i) crops[i].struct_size = sizeof crops[i];
  snprintf(path, sizeof path, "%s/even/2.png", folder);
  file = fopen(path, "rb");
  CHECK(file != NULL);
  if (file == NULL) return;
  length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  CHECK(hr_transform_open(ops, 1, NULL, &transform, &error) == HR_OK);
  if (transform == NULL) return;
  CHECK(hr_transform_apply(transform, bytes, length, NULL, &image, &error) == HR_OK);
  CHECK(image.width == 12 && image.height == 10 && image.channels == 3 && image.pixels[5] == 80);
  CHECK(hr_transform_explain(transform, text, sizeof text, &needed, &error) == HR_OK);
  CHECK(needed == strlen(text) + 1 && strstr(text, "center_crop") != NULL);
  CHECK(hr_transform_crops(transform, 4, 5, 10, crops, &error) == HR_OK);
  CHECK(crops[4].width == 5 && crops[4].height == 4 && crops[9].pixels[0] == 80);
  CHECK(hr_transform_crops(transform, 4, 5, 7, crops, &error) == HR_INVALID_ARGUMENT);
  CHECK(hr_transform_crops(transform, 11, 5, 5, crops, &error) == HR_INVALID_ARGUMENT);
  CHECK(hr_transform_apply(transform, bytes, length / 2, NULL, &image, &error) != HR_OK);
  CHECK(hr_transform_apply(transform, bytes, 0, NULL, &image, &error) == HR_EMPTY_FILE);
  hr_transform_close(transform);
}

static int stop_at_once(void *context, const hr_job_progress *progress) {
  CHECK(progress->struct_size == sizeof *progress);
  CHECK(progress->samples == 6 || progress->samples == 0); /* while it is seen what is to be done */
  ++*(int *)context;
  return 1;
}

static void count_note(void *context, const hr_sample_note *note) {
  CHECK(note->struct_size == sizeof *note && note->path != NULL && note->file != NULL);
  CHECK(note->id == 6 && note->code == HR_EMPTY_FILE && strcmp(note->path, "odd/none.jpg") == 0);
  ++*(int *)context;
}

static void check_packs(const char *folder) {
  char pack[1024], files[1024], empty[1024];
  int calls = 0, notes = 0;
  FILE *file;
  HR_INIT(hr_error, error);
  HR_INIT(hr_pack_options, options);
  HR_INIT(hr_pack_report, report);
  HR_INIT(hr_verify_report, verified);
  snprintf(pack, sizeof pack, "%s.pack", folder);
  snprintf(files, sizeof files, "%s.files", folder);
  snprintf(empty, sizeof empty, "%s/odd/none.jpg", folder);
  CHECK(hr_pack(NULL, pack, NULL, NULL, &error) == HR_INVALID_ARGUMENT);
  options.progress = stop_at_once;
  options.progress_context = &calls;
  CHECK(hr_pack(folder, pack, &options, &report, &error) == HR_STOPPED);
  CHECK(calls >= 1);
  options.progress = NULL;
  file = fopen(empty, "wb");
  CHECK(file != NULL);
  if (file != NULL) fclose(file);
  options.note = count_note;
  options.note_context = &notes;
  options.codec = 2;
  CHECK(hr_pack(folder, pack, &options, &report, &error) == HR_INVALID_ARGUMENT);
  options.codec = HR_PACK_JPEG;
  options.force = 1; /* the call that was stopped may have come to its end */
  CHECK(hr_pack(folder, pack, &options, &report, &error) == HR_OK);
  CHECK(report.samples == 7 && report.encoded == 3 && report.copied == 4 && report.damaged == 1);
  CHECK(report.shards == 1 && report.shards_kept == 0 && report.pack_bytes > report.record_bytes);
  CHECK(notes == 1);
  CHECK(hr_pack(folder, pack, NULL, &report, &error) == HR_OK);
  CHECK(report.shards_kept == 1 && report.samples_kept == 7 && report.encoded == 0);
  CHECK(hr_pack_verify(pack, folder, NULL, &verified, &error) == HR_OK);
  CHECK(verified.samples == 7 && verified.bad == 0 && verified.compared == 7);
  CHECK(hr_unpack(pack, files, NULL, &report, &error) == HR_OK);
  CHECK(report.samples == 7 && report.samples_kept == 0);
  CHECK(hr_unpack(folder, files, NULL, &report, &error) == HR_EMPTY_DATASET);
  CHECK(hr_pack_verify(pack, files, NULL, &verified, &error) == HR_OK && verified.bad == 0);
}

/* A shard with one picture, made by hand. */
static void make_shard(const char *folder, const char *shard) {
  static char block[512];
  static char content[4096];
  char path[1024];
  size_t length, i;
  unsigned sum = 0;
  FILE *file;
  snprintf(path, sizeof path, "%s/even/0.png", folder);
  file = fopen(path, "rb");
  CHECK(file != NULL);
  if (file == NULL) return;
  length = fread(content, 1, sizeof content, file);
  fclose(file);
  strcpy(block, "a/b.png");
  snprintf(block + 124, 12, "%011o", (unsigned)length);
  block[156] = '0';
  memcpy(block + 257, "ustar\0" "00", 8);
  memset(block + 148, ' ', 8);
  for (i = 0; i < sizeof block; ++i) sum += (unsigned char)block[i];
  snprintf(block + 148, 7, "%06o", sum);
  file = fopen(shard, "wb");
  CHECK(file != NULL);
  if (file == NULL) return;
  fwrite(block, 1, sizeof block, file);
  fwrite(content, 1, (length + 511) / 512 * 512, file);
  memset(block, 0, sizeof block);
  fwrite(block, 1, sizeof block, file);
  fwrite(block, 1, sizeof block, file);
  fclose(file);
}

static void check_shards(const char *folder) {
  char shard[1024];
  char toml[2048];
  const char *name;
  hr_loader *loader = NULL;
  size_t needed = 0;
  HR_INIT(hr_error, error);
  HR_INIT(hr_index_report, report);
  snprintf(shard, sizeof shard, "%s.tar", folder);
  CHECK(hr_index_shard(NULL, 0, NULL, &error) == HR_INVALID_ARGUMENT);
  CHECK(hr_index_shard(shard, 0, &report, &error) == HR_NOT_FOUND);
  CHECK(strstr(error.text, shard) != NULL);
  make_shard(folder, shard);
  CHECK(hr_index_shard(shard, 0, &report, &error) == HR_OK && report.written == 1);
  CHECK(report.samples == 1 && report.without_label == 1 && report.index_bytes > 200);
  CHECK(hr_index_shard(shard, 0, &report, &error) == HR_OK && report.written == 0);
  CHECK(hr_index_shard(shard, 1, NULL, &error) == HR_OK);
  HR_INIT(hr_index_options, index_options);
  CHECK(hr_index(shard, &index_options, &report, &error) == HR_OK && report.written == 0);
  index_options.force = 1;
  CHECK(hr_index(shard, &index_options, &report, &error) == HR_OK && report.written == 1);
  CHECK(hr_index(shard, NULL, NULL, NULL) == HR_OK);
  index_options.struct_size = 0;
  CHECK(hr_index(shard, &index_options, &report, &error) == HR_INVALID_ARGUMENT);
  snprintf(toml, sizeof toml,
           "[dataset]\nsource = \"tar\"\npath = \"%s\"\n[loader]\ntail = \"exact\"\n"
           "[[augment]]\nop = \"resize\"\nsize = [20, 30]\n",
           shard);
  CHECK(hr_loader_open_toml(toml, strlen(toml), NULL, &loader, &error) == HR_OK);
  name = hr_loader_sample_path(loader, 0);
  CHECK(name != NULL && strstr(name, ".tar/a/b.png") != NULL);
  CHECK(hr_loader_sample_path(loader, 0) == name);
  CHECK(hr_loader_sample_path(loader, 1) == NULL);
  CHECK(hr_loader_sample_read(loader, 0, toml, sizeof toml, &needed, &error) == HR_OK);
  CHECK(needed > 8 && memcmp(toml + 1, "PNG", 3) == 0);
  hr_loader_close(loader);
  remove(shard);
  snprintf(toml, sizeof toml, "%s.hri", shard);
  CHECK(remove(toml) == 0);
}

/* What the launcher that runs these tests may have set is not looked at here: cli.ranks does. */
static void check_rank(void) {
  HR_INIT(hr_rank, found);
  HR_INIT(hr_error, error);
  hr_rank unsized;
  memset(&unsized, 0, sizeof unsized);
  unsetenv("WORLD_SIZE");
  unsetenv("OMPI_COMM_WORLD_SIZE");
  unsetenv("PMI_SIZE");
  unsetenv("SLURM_NTASKS");
  CHECK(hr_find_rank(&found, NULL) == HR_OK);
  CHECK(found.rank == 0 && found.world_size == 1 && strcmp(found.source, "alone") == 0);
  CHECK(hr_find_rank(&unsized, &error) == HR_INVALID_ARGUMENT);
  setenv("RANK", "2", 1);
  setenv("WORLD_SIZE", "5", 1);
  CHECK(hr_find_rank(&found, NULL) == HR_OK);
  CHECK(found.rank == 2 && found.world_size == 5 && found.warning[0] == '\0');
  setenv("WORLD_SIZE", "2", 1);
  CHECK(hr_find_rank(&found, &error) == HR_CONFIG_VALUE);
  CHECK(strstr(error.text, "below world_size") != NULL);
  unsetenv("RANK");
  unsetenv("WORLD_SIZE");
}

static void check_search(void) {
  static const char space[] = "[search]\nspace = \"sub_policy\"\n";
  static char json[65536];
  size_t needed = 0;
  hr_search *search = NULL;
  HR_INIT(hr_error, error);
  HR_INIT(hr_search_options, options);
  HR_INIT(hr_trial, trial);
  HR_INIT(hr_search_result, result);
  HR_INIT(hr_search_counts, counts);
  HR_INIT(hr_gene, gene);
  HR_INIT(hr_policy, policy);
  options.strategy = HR_SEARCH_PPO;
  options.trials = 3;
  CHECK(hr_search_open(space, sizeof space - 1, &options, &search, &error) == HR_OK);
  if (search == NULL) return;
  CHECK(hr_search_gene(search, 0, &gene, &error) == HR_OK);
  CHECK(gene.kind == HR_GENE_OP && strcmp(gene.names[4], "rotate") == 0);
  CHECK(hr_search_ask(search, &trial, &error) == HR_OK);
  CHECK(trial.id == 0 && trial.kind == HR_TRIAL_SEARCH && trial.gene_count == 6);
  CHECK(hr_search_policy_of_genes(search, trial.genes, trial.gene_count, &policy, &error) == HR_OK);
  CHECK(strcmp(policy.text, trial.text) == 0 && strcmp(policy.toml, trial.policy) == 0);
  CHECK(hr_search_policy_of_text(search, trial.text, strlen(trial.text), &policy, &error) == HR_OK);
  CHECK(strcmp(hr_policy_op_name("Rot:1:2", 3), "rotate") == 0);
  CHECK(strcmp(hr_policy_op_name("Cut", 3), "cutout") == 0);
  CHECK(hr_policy_op_name("Rot:1:2", 4) == NULL && hr_policy_op_name("rotate", 6) == NULL);
  CHECK(hr_policy_op_name("", 0) == NULL && hr_policy_op_name(NULL, 0) == NULL);
  CHECK(hr_search_ask(search, &trial, &error) == HR_TIMEOUT);
  CHECK(strstr(error.text, "tell trial 0 first") != NULL);
  CHECK(hr_search_tell(search, 0, 0.5, NULL, &error) == HR_OK);
  CHECK(hr_search_ask(search, &trial, &error) == HR_OK);
  CHECK(hr_search_tell(search, 1, 0, "the evaluator died", &error) == HR_OK);
  CHECK(hr_search_trial(search, 1, &trial, &error) == HR_OK);
  CHECK(trial.state == HR_TRIAL_FAILED && strcmp(trial.failed, "the evaluator died") == 0);
  CHECK(hr_search_best(search, 0, &result, &error) == HR_OK);
  CHECK(result.id == 0 && result.score == 0.5 && result.rescores == 0);
  CHECK(hr_search_baseline(search, 1, &result, &error) == HR_OK);
  CHECK(strcmp(result.text, "hraa1/torchvision/31:RandAugment:2:9") == 0);
  CHECK(hr_search_progress(search, &counts, &error) == HR_OK);
  CHECK(counts.asked == 2 && counts.failed == 1 && counts.best_score == 0.5 && counts.trials == 3);
  CHECK(hr_search_concat(search, 5, json, sizeof json, &needed, &error) == HR_OK);
  CHECK(hr_search_save(search, json, sizeof json, &needed, &error) == HR_OK);
  hr_search_close(search);
  CHECK(hr_search_open(space, sizeof space - 1, &options, &search, &error) == HR_OK);
  CHECK(hr_search_load(search, json, needed - 1, &error) == HR_OK);
  CHECK(hr_search_ask(search, &trial, &error) == HR_OK && trial.id == 2);
  hr_search_close(search);
  CHECK(hr_search_open_file("/not/there.toml", &options, &search, &error) == HR_NOT_FOUND);
  CHECK(search == NULL);
}

int main(int argc, char **argv) {
  char text[8192];
  size_t needed = 0;
  if (argc != 2) return 2;
  CHECK(strcmp(hr_version(), "0.1.0") == 0);
  CHECK(strcmp(hr_status_name(HR_NO_BUFFER), "HR_NO_BUFFER") == 0);
  CHECK(strcmp(hr_status_name((hr_status)12345), "HR_UNKNOWN") == 0);
  CHECK(hr_doctor(text, sizeof text, &needed, NULL) == HR_OK && text[0] == '{');
  check_rank();
  make_set(argv[1]);
  check_loader(argv[1]);
  check_models(argv[1]);
  check_errors();
  check_transform(argv[1]);
  check_shards(argv[1]);
  check_packs(argv[1]);
  check_search();
  if (failures != 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures != 0;
}
