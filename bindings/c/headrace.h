/* headrace: image files to training batches. The C API, the only installed header.
 *
 * Conventions. The object comes first, outputs near the end, the optional hr_error * last. Inputs are
 * copied before a call returns; what `**out` gives is the caller's to release. Structs begin with
 * struct_size: set it to sizeof the struct (HR_INIT does), the rest to zero for the defaults; a
 * library that is older than the caller accepts a longer struct if its unknown tail is zero. No
 * function throws, aborts, prints or installs a signal handler. A loader has one consumer at a time
 * (hr_loader_next, set_epoch, state_save, state_load); stop, stats, memory and batch release may come from any thread. After
 * fork the child gets HR_FORKED from every call on a loader of its parent.
 *
 * Everything here exists since 0.1 unless its comment says otherwise.
 */
#ifndef HEADRACE_H_
#define HEADRACE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HR_API __attribute__((visibility("default")))
#else
#define HR_API
#endif

#define HR_VERSION_MAJOR 0
#define HR_VERSION_MINOR 1
#define HR_VERSION_PATCH 0

/* HR_INIT(hr_options, options); declares a zeroed struct with its size set. */
#ifdef __cplusplus
#define HR_ZERO_INITIALIZER {} /* {0} warns in C++ */
#else
#define HR_ZERO_INITIALIZER {0}
#endif
#define HR_INIT(type, name)       \
  type name = HR_ZERO_INITIALIZER; \
  name.struct_size = (uint32_t)sizeof(type)

/* Numbers are stable and grouped; docs/errors.md explains each. */
typedef enum hr_status {
  HR_OK = 0,
  HR_END_OF_EPOCH = 1, /* no batch: the epoch is over; the next call begins the next one */
  HR_TIMEOUT = 2,      /* no batch yet */
  HR_STOPPED = 3,      /* hr_loader_stop was called, or a progress callback ended the call */
  HR_NO_BUFFER = 4,    /* every batch buffer is leased and max_host_bytes allows no other */
  HR_INVALID_ARGUMENT = 100,
  HR_REENTERED = 101, /* called from inside a callback of the same loader */
  HR_FORKED = 102,    /* the loader belongs to the parent process */
  HR_CONFIG_SYNTAX = 200,
  HR_CONFIG_UNKNOWN_KEY = 201,
  HR_CONFIG_TYPE = 202,
  HR_CONFIG_VALUE = 203,
  HR_CONFIG_MISSING = 204,
  HR_NOT_IN_THIS_VERSION = 205,
  HR_NOT_FOUND = 300,
  HR_PERMISSION = 301,
  HR_IO_ERROR = 302,
  HR_EMPTY_DATASET = 303,
  HR_NOT_REGULAR_FILE = 304,
  HR_FILE_CHANGED = 305,
  HR_UNSUPPORTED_FORMAT = 400,
  HR_CORRUPT = 401,
  HR_TRUNCATED = 402,
  HR_EMPTY_FILE = 403,
  HR_LIMIT_PIXELS = 404,
  HR_LIMIT_BYTES = 405,
  HR_LIMIT_SCANS = 406,
  HR_LIMIT_MEMORY = 407,
  HR_OUT_OF_MEMORY = 500,
  HR_OVER_BUDGET = 501,
  HR_SYSTEM = 502,
  HR_CORRUPT_BUDGET = 503, /* more bad samples than loader.corrupt_budget allows */
  HR_CALLBACK_FAILED = 600,
  HR_INTERNAL = 900 /* a bug of headrace: please report it */
} hr_status;

/* Filled by a failing call when the pointer is not NULL; untouched by HR_OK. */
typedef struct hr_error {
  uint32_t struct_size;
  int32_t code;        /* hr_status */
  int32_t errno_value; /* the system's error number, or 0 */
  int32_t reserved;
  int64_t sample_id;   /* the sample it is about, or -1 */
  char text[512];      /* one line, UTF-8, ends in NUL; says what was found and what to do */
} hr_error;

/* "0.1.0"; static. */
HR_API const char *hr_version(void);
/* "HR_END_OF_EPOCH"; static; "HR_UNKNOWN" for other numbers. */
HR_API const char *hr_status_name(hr_status status);

/* ------------------------------------------------------------------------------------ options -- */

typedef enum hr_log_level { HR_LOG_INFO = 1, HR_LOG_WARNING = 2, HR_LOG_ERROR = 3 } hr_log_level;
/* One line; `text` lives for the call. Called on threads of the library, from inside open, next or
 * state_load; must not call into the same loader (HR_REENTERED) and must not unwind. */
typedef void (*hr_log_fn)(void *context, hr_log_level level, const char *text);
/* How far something long is. While a data set is opened: samples 0, for their number is not known;
 * samples_done those that were found; bytes of the list or the shards that are gone through, or 0. */
typedef struct hr_job_progress {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t samples;      /* to be done by this call */
  uint64_t samples_done;
  uint64_t bytes;        /* of the source, to be read */
  uint64_t bytes_done;
} hr_job_progress;
/* Ten to twenty times a second, on the caller's thread. Not 0: the call ends soon with HR_STOPPED. Must
 * not unwind. */
typedef int (*hr_progress_fn)(void *context, const hr_job_progress *progress);
/* Memory for batch buffers: `bytes` bytes aligned to `alignment` (a power of two), or NULL. Called
 * inside open and next on the caller's thread. */
typedef void *(*hr_allocate_fn)(void *context, size_t bytes, size_t alignment);
/* Called inside close, inside the last hr_batch_release, or open when it fails. */
typedef void (*hr_free_fn)(void *context, void *pointer, size_t bytes);

/* Rows of a batch for the user's model. `data` are the very numbers that training would see (f32,
 * normalised); all pointers live for the call. */
typedef struct hr_model_in {
  uint32_t struct_size;
  uint32_t rows;
  uint32_t channels;
  uint32_t height;
  uint32_t width;
  int32_t step;            /* of the attack, from 0; 0 for saliency */
  const float *data;
  int64_t stride[4];       /* of row, channel, y, x, in elements */
  const int32_t *label;    /* [rows]; -1: none */
  const float *soft_label; /* [rows, classes], or NULL */
  int64_t classes;
  const uint32_t *lane;    /* [rows]: index in the batch */
  uint64_t batch;          /* number over all ranks */
} hr_model_in;
/* What it answers. The library presets the pointers to memory of its own; `grad` may be pointed at
 * the callee's memory, with its strides, which must live until the next call. */
typedef struct hr_model_out {
  uint32_t struct_size;
  uint32_t reserved;
  float *loss;             /* [rows]: what ACE raises, such as the cross-entropy of the label */
  float *margin;           /* [rows], optional: logit of the label less the best other; preset NaN */
  const float *grad;       /* d(loss of the row) / d(data), as `data` is laid out by `stride` */
  int64_t stride[4];
} hr_model_out;
/* The user's model: loss of each row, and its gradient with respect to the pixels. Called only inside
 * hr_loader_next and hr_batch_*, on the caller's thread; must not call into the same loader. Returns 0,
 * or anything else when it failed. */
typedef int (*hr_model_fn)(void *context, const hr_model_in *in, hr_model_out *out);

/* Where a picture is salient: one grid a row, any numbers of at least 0. Preset to memory for a grid of
 * the picture's own size; a smaller grid may be set instead, or `maps` pointed elsewhere. */
typedef struct hr_saliency_out {
  uint32_t struct_size;
  uint32_t grid_height;
  uint32_t grid_width;
  uint32_t reserved;
  float *maps;             /* [rows, grid_height, grid_width] */
} hr_saliency_out;
/* As hr_model_fn. */
typedef int (*hr_saliency_fn)(void *context, const hr_model_in *in, hr_saliency_out *out);

typedef struct hr_options {
  uint32_t struct_size;
  uint32_t override_count;
  const char *const *overrides; /* "loader.workers=4": dotted key, TOML value, else a string */
  hr_log_fn log;
  void *log_context;
  hr_allocate_fn allocate; /* both or neither */
  hr_free_fn free;
  void *allocate_context;
  int32_t world_size; /* with rank: overrides loader.rank; 0: by the configuration */
  int32_t rank;
  hr_model_fn model;       /* for [[mix]] ace, and rmix with saliency = "model" */
  void *model_context;
  hr_saliency_fn saliency; /* for [[mix]] rmix with saliency = "callback" */
  void *saliency_context;
  /* What an epoch is made of, in place of every sample once; copied in open. At most one of the two. */
  const double *sample_weights; /* one a sample, by id, finite and at least 0: an epoch is
                                   loader.epoch_samples draws with replacement, by these weights */
  uint64_t sample_weight_count; /* the number of samples; 0: by the configuration */
  const int64_t *sample_ids;    /* an epoch is these samples, repeats included, in the order that
                                   loader.shuffle makes of them ("none": this one) */
  uint64_t sample_id_count;     /* 0: by the configuration */
  /* While open looks through the data set, which may take long: called at once and then about twenty
   * times a second. Not 0: open ends with HR_STOPPED and leaves nothing behind but a folder for
   * decode.checkpoints, within a tenth of a second or when the call to the system returns that it is
   * in (a read of slow storage; taking and pinning the memory of the batches). NULL: nobody waits. */
  hr_progress_fn progress;
  void *progress_context;
} hr_options;

/* ------------------------------------------------------------------------------------- loader -- */

typedef struct hr_loader hr_loader;
typedef struct hr_batch hr_batch;

/* Opens a loader: parses, lists the data set, takes all memory, starts the threads. `options` may be
 * NULL. Codes: the CONFIG group, NOT_IN_THIS_VERSION, NOT_FOUND, PERMISSION, EMPTY_DATASET,
 * OVER_BUDGET (the text says how much is needed), OUT_OF_MEMORY, SYSTEM, STOPPED (options->progress
 * said so). */
HR_API hr_status hr_loader_open_file(const char *path, const hr_options *options, hr_loader **out,
                                     hr_error *error);
/* The same from TOML text of `length` bytes; relative paths are relative to the working folder. */
HR_API hr_status hr_loader_open_toml(const char *text, size_t length, const hr_options *options,
                                     hr_loader **out, hr_error *error);

/* The next batch, in order. Waits at most timeout_ns (0: does not wait; negative: for ever).
 * HR_OK: *out is leased until hr_batch_release. HR_END_OF_EPOCH, HR_TIMEOUT, HR_STOPPED,
 * HR_NO_BUFFER: *out is NULL. HR_CORRUPT_BUDGET, or a sample's own code with on_corrupt = "error":
 * the run is over; every later call gives the same. HR_INVALID_ARGUMENT also in place of the end of
 * epoch 16777215, behind which there is none. */
HR_API hr_status hr_loader_next(hr_loader *loader, int64_t timeout_ns, hr_batch **out,
                                hr_error *error);
/* Goes to the start of `epoch`, from 0 to 16777215; what was prefetched is discarded. Leased batches
 * stay valid. */
HR_API hr_status hr_loader_set_epoch(hr_loader *loader, uint32_t epoch, hr_error *error);

/* No state is longer. */
#define HR_STATE_BYTES_MAX 256
/* Where the run stands: after the batches that hr_loader_next has returned, whatever was prefetched.
 * After HR_END_OF_EPOCH it is the start of the next epoch. Writes the state to `bytes` if `capacity`
 * has room for it; *needed, which may be NULL, is its size. With bytes NULL and capacity 0 it says the
 * size only. The first call of the two on a loader looks at every sample of the data set. The
 * consumer's thread. Codes: INVALID_ARGUMENT (capacity is too small). */
HR_API hr_status hr_loader_state_save(hr_loader *loader, void *bytes, size_t capacity, size_t *needed,
                                      hr_error *error);
/* Goes on where a state was saved, here or in another process: the next batches are those that would
 * have followed; what was prefetched is discarded. Ranks, batch size, workers and the like may be
 * others: then the positions of the epoch that are left come once each (docs/state.md). An epoch of
 * which nothing is left begins with HR_END_OF_EPOCH. May be called at any time between two calls of
 * next. The consumer's thread. Codes, which leave the loader as it was: CONFIG_VALUE (of another
 * configuration or data set; the text has both values), CORRUPT (damaged, or no state),
 * NOT_IN_THIS_VERSION, INVALID_ARGUMENT. */
HR_API hr_status hr_loader_state_load(hr_loader *loader, const void *bytes, size_t length,
                                      hr_error *error);
/* Makes hr_loader_next return HR_STOPPED, now and later. Any thread, any number of times. */
HR_API void hr_loader_stop(hr_loader *loader);
/* Stops, joins the threads, writes new checkpoints and frees what no leased batch needs. NULL is
 * allowed. */
HR_API void hr_loader_close(hr_loader *loader);

typedef struct hr_length {
  uint32_t struct_size;
  uint32_t classes;
  uint64_t samples;           /* of the data set */
  uint64_t batches_per_epoch; /* of this rank, in a whole epoch */
  uint32_t batch_size;
  uint32_t rank;
  uint32_t world_size;
  uint32_t reserved;
  uint64_t batches_this_epoch; /* of the epoch that next is in: fewer in one that was resumed */
  uint64_t epoch_samples;      /* positions of an epoch over all ranks: `samples`, unless weights or a
                                  list of ids say otherwise */
} hr_length;
HR_API hr_status hr_loader_length(const hr_loader *loader, hr_length *out, hr_error *error);

/* Name of class `label`, or NULL; valid until close. */
HR_API const char *hr_loader_class_name(const hr_loader *loader, int64_t label);
/* Path of sample `id` as the data set knows it (relative), or NULL; valid until close. Of a sample in
 * a pack: its path in the source; in another shard: "shard.tar/member". These are read from the
 * index, and kept: some bytes for each sample that was asked for. */
HR_API const char *hr_loader_sample_path(const hr_loader *loader, int64_t id);
/* The encoded bytes of sample `id`, as they lie in the data set. Writes at most `capacity` bytes;
 * *needed is the full size. Any thread. Codes: INVALID_ARGUMENT (no such id), the group of places. */
HR_API hr_status hr_loader_sample_read(const hr_loader *loader, int64_t id, void *bytes,
                                       size_t capacity, size_t *needed, hr_error *error);
/* What the ops draw for sample `id` in `epoch`, before any mixing, as TOML [[augment]] entries that
 * reproduce it (each parameter fixed). `view`: below hr_batch_info.views. Reads the sample's file for
 * its size. Writes at most `capacity` bytes with the final NUL; *needed is the full size. Any thread.
 * Codes: INVALID_ARGUMENT (no such id, epoch or view), the sample's own. */
HR_API hr_status hr_loader_replay(const hr_loader *loader, int64_t id, uint32_t epoch, uint32_t view,
                                  char *text, size_t capacity, size_t *needed, hr_error *error);

/* The plan: what open reserved, in bytes. */
typedef struct hr_memory {
  uint32_t struct_size;
  uint32_t batch_buffers;     /* count */
  uint64_t total_bytes;       /* the sum of the following; at most max_host_bytes */
  uint64_t batch_bytes;       /* pinned batch buffers */
  uint64_t lane_bytes;        /* encoded bytes in flight */
  uint64_t scratch_bytes;     /* of the workers */
  uint64_t big_image_bytes;   /* the shared area for large files and images; untouched until used */
  uint64_t index_bytes;       /* the data set's paths and labels, the index of checkpoints */
  uint64_t other_bytes;       /* queues, tables, threads' stacks */
  uint64_t jpeg_bytes_max;    /* apart: what libjpeg-turbo or libwebp may take: limits.jpeg_memory x
                                 workers */
  uint64_t cache_bytes;       /* with loader.cache: encoded samples that stay; part of the total */
} hr_memory;
HR_API hr_status hr_loader_memory(const hr_loader *loader, hr_memory *out, hr_error *error);

/* Counters since open. Times are CPU-occupying nanoseconds summed over threads. */
typedef struct hr_stats {
  uint32_t struct_size;
  uint32_t workers;
  uint64_t batches;          /* delivered */
  uint64_t samples;          /* finished, of all batches begun */
  uint64_t bytes_read;
  uint64_t read_ns;          /* the stages, in the order of a sample's way */
  uint64_t decode_ns;        /* library decoders: entropy, idct and colour undivided */
  uint64_t entropy_ns;       /* headrace's own JPEG decoder */
  uint64_t idct_ns;
  uint64_t resize_ns;
  uint64_t colour_ns;        /* conversion to the output type */
  uint64_t ops_ns;
  uint64_t mix_ns;
  uint64_t wait_ns;          /* workers parked for want of work */
  uint64_t consumer_wait_ns; /* hr_loader_next waiting */
  uint64_t corrupt_samples;  /* bad draws met, repeats counted */
  uint64_t corrupt_ids;      /* distinct */
  uint64_t substituted;
  uint64_t marked;
  uint64_t extraneous;       /* files with extraneous bytes: counted only */
  uint64_t extra_buffers;    /* taken because the consumer held all others */
  char reader[160];          /* which reader runs and why */
  char simd_target[16];
  char pin[96];              /* how batch buffers are pinned and why */
  char rank_source[64];      /* "configuration", "options", "environment: RANK, WORLD_SIZE", "alone" */
  uint64_t checkpoints_read;     /* samples that came with their checkpoint */
  uint64_t checkpoints_written;  /* made since open, and kept */
  uint64_t checkpoints_rejected; /* that did not fit their file, or could not be read */
  char jpeg[96];                 /* "fast", "exact", or "exact: OP stands before the first crop or resize" */
  uint64_t callback_failures;    /* batches that came clean because a model or saliency callback failed */
  uint64_t object_zoom_fallbacks; /* object_zoom found no object: a random crop instead */
  uint64_t cache_hits;           /* samples that came from loader.cache and were not read */
  uint64_t cache_bytes;          /* that it holds */
  uint64_t partial_reads;        /* samples of which only the bytes that the crop needs were asked for */
  uint64_t partial_fallbacks;    /* samples read again and decoded whole, because those did not do */
} hr_stats;
HR_API hr_status hr_loader_stats(const hr_loader *loader, hr_stats *out, hr_error *error);

/* -------------------------------------------------------------------------------------- batch -- */

typedef enum hr_dtype { HR_U8 = 0, HR_F16 = 1, HR_BF16 = 2, HR_F32 = 3 } hr_dtype;
typedef enum hr_layout { HR_NCHW = 0, HR_NHWC = 1 } hr_layout;

/* Of hr_targets.flags. */
enum {
  HR_TARGET_MOVED = 1,    /* instaboost or object_zoom put it elsewhere */
  HR_TARGET_CLIPPED = 2,  /* a part lies outside the picture */
  HR_TARGET_OCCLUDED = 4  /* a part is hidden by another object, or by a mix */
};

/* The objects of a batch, sample by sample: those of sample i are entries offsets[i] to
 * offsets[i + 1] - 1. A mixed sample has its own, then its partner's, as far as they can be seen;
 * one that is marked bad has none. Dense arrays; they live until hr_batch_release. */
typedef struct hr_targets {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t count;          /* N */
  const int64_t *offsets;  /* [B+1] */
  const float *boxes;      /* [N,4]: x0, y0, x1, y1 in output pixels, tight around the mask */
  const int64_t *classes;  /* [N]: index of the class */
  const int64_t *ids;      /* [N]: of the annotation */
  const float *area;       /* [N]: pixels of the mask */
  const uint8_t *crowd;    /* [N] */
  const uint8_t *flags;    /* [N]: HR_TARGET_* */
  const float *weights;    /* [N]: how much of its pixels' colour is its own: 1 unless mixed */
  const int64_t *mask_offsets; /* [N+1]: into masks */
  const char *masks;       /* COCO's compressed RLE of [height, width], one after the other, no NUL */
} hr_targets;

/* Pointers are dense arrays in row-major order and live until hr_batch_release. */
typedef struct hr_batch_info {
  uint32_t struct_size;
  uint32_t epoch;
  uint64_t batch;          /* of this rank in the epoch, from 0; a resumed run counts on */
  uint32_t count;          /* B: samples in this batch */
  uint32_t classes;
  const void *images;      /* [B,C,H,W] or [B,H,W,C] of dtype */
  uint64_t images_bytes;
  int32_t dtype;           /* hr_dtype */
  int32_t layout;          /* hr_layout */
  uint32_t channels;
  uint32_t height;
  uint32_t width;
  uint32_t views;          /* 1, or the number of AugMix views V: [V,B,...] */
  const int64_t *labels;   /* [B]; NULL when soft */
  const float *soft_labels;/* [B, classes]; NULL when index */
  const int64_t *ids;      /* [B]; -1 in padding */
  const uint8_t *valid;    /* [B]: 1 good, 0 padding or marked bad, 2 substitute */
  const float *lambda;     /* [B]: share of the sample itself; 1 when unmixed */
  const int32_t *partner;  /* [B]: index in this batch; itself when unmixed */
  int32_t mix_status;      /* HR_OK, or HR_CALLBACK_FAILED: the batch came clean and unmixed */
  int32_t mix_entry;       /* index in [[mix]] of what was applied, or -1 */
  const hr_targets *targets; /* NULL when the data set knows no objects */
  const uint8_t *pixels;   /* [B,C,H,W] of u8, before mixing; NULL unless output.keep_u8. Planar u8
                              images are their own pixels */
  uint64_t global_batch;   /* its number in the epoch over all ranks, by which a mix draws */
} hr_batch_info;
HR_API hr_status hr_batch_view(const hr_batch *batch, hr_batch_info *out, hr_error *error);

/* The images as a DLPack tensor (DLManagedTensor of DLPack 0.x, ABI-compatible with dlpack.h): its
 * deleter releases a lease of its own, so it may outlive hr_batch_release and hr_loader_close. */
struct DLManagedTensor;
HR_API hr_status hr_batch_dlpack(hr_batch *batch, struct DLManagedTensor **out, hr_error *error);

typedef enum hr_ace_step { HR_ACE_L2 = 0, HR_ACE_SIGN = 1 } hr_ace_step;
typedef enum hr_ace_keep { HR_ACE_LAST = 0, HR_ACE_BEST = 1 } hr_ace_keep;

/* Zero is the default of every field. */
typedef struct hr_ace_config {
  uint32_t struct_size;
  uint32_t pieces;       /* of a colour curve, 2 to 256; 64 */
  double bound;          /* its largest slope against its smallest, 1 to 1000; 8 */
  double alpha;          /* length of a step; by bound, pieces and steps */
  double kappa;          /* a row is fooled when its margin is below -kappa; 0 */
  double p;              /* that a sample is changed, by its own stream; 0.5 */
  uint32_t steps;        /* calls of the model for each row; 5 */
  uint32_t chunk;        /* rows a call at most; 64. Never more than fit what open reserved: those of the
                            largest chunk in [[mix]], and 64 */
  int32_t step;          /* hr_ace_step: along the gradient, or its signs */
  int32_t keep;          /* hr_ace_keep: the last curves, or those of the highest loss (final_eval is
                            implied) */
  uint32_t no_freeze;    /* 1: rows that are fooled go on */
  uint32_t random_start; /* 1: from random curves instead of the identity */
  uint32_t final_eval;   /* 1: one more call judges the last curves */
  uint32_t threads;      /* 0 or 1: the caller's thread alone */
} hr_ace_config;

typedef struct hr_ace_report {
  uint32_t struct_size;
  uint32_t rows;         /* that were attacked */
  uint32_t frozen;       /* of them, those that were fooled before the last step */
  uint32_t non_finite;   /* of them, those whose loss or gradient was no number: left clean */
  uint32_t calls;        /* of the model */
  uint32_t reserved;
  double loss_before;    /* mean over the finite rows, at the start; NaN without any */
  double loss_after;     /* of what was kept; NaN when it was not judged (final_eval) */
  uint64_t model_ns;     /* inside of the callback */
  uint64_t library_ns;   /* outside */
} hr_ace_report;

/* Adversarial colour enhancement of a leased batch: for each chosen sample the colour curves, within the
 * bound, that raise the loss that `model` gives. Changes images and pixels in place, also those of
 * tensors made before. The loader must have output.keep_u8 = true, and the batch must not be mixed.
 * `config` NULL: all defaults; `report` may be NULL. On the consumer's thread; the callback runs inside.
 * Bytes depend on the batch and the model alone, not on chunk. Codes: INVALID_ARGUMENT (no pixels, mixed,
 * closed loader, a value out of range), CALLBACK_FAILED (the batch is as it was), REENTERED, FORKED,
 * NOT_IN_THIS_VERSION. */
HR_API hr_status hr_batch_ace(hr_batch *batch, const hr_ace_config *config, hr_model_fn model,
                              void *context, hr_ace_report *report, hr_error *error);

typedef enum hr_rmix_pairing {
  HR_RMIX_MATCHING = 0, /* shuffled, neighbours are partners; with an odd number one is left alone */
  HR_RMIX_REVERSE = 1,  /* the first with the last, and so on */
  HR_RMIX_PERMUTE = 2   /* a random permutation */
} hr_rmix_pairing;
/* How hr_batch_rmix mixes. Zeros are the defaults of [[mix]] rmix. */
typedef struct hr_rmix_config {
  uint32_t struct_size;
  uint32_t patch_count;    /* at most 64 */
  const uint32_t *patches; /* [patch_count]: patches a side, 1 to 64; a batch draws one. 0 of them: 2 and 4 */
  const double *quantiles; /* [quantile_count], from 0 to 1; a sample draws one. 0 of them: 0, 0.11, ..., 0.99 */
  uint32_t quantile_count; /* at most 64 */
  int32_t pairing;         /* hr_rmix_pairing */
  double alpha;            /* of Beta(alpha, alpha); 0: 0.2 */
  double label_smoothing;
  uint32_t lam_per_pair;   /* not 0: each pair draws a share of its own */
  uint32_t occurrence;     /* which draws: those of the [[mix]] rmix entry with so many before it */
} hr_rmix_config;
typedef struct hr_rmix_report {
  uint32_t struct_size;
  uint32_t patches;      /* a side, as drawn */
  uint32_t mixed;        /* samples with a partner */
  uint32_t uniform_maps; /* maps that are 0 everywhere or have a number that is not finite: all alike */
  uint64_t nanoseconds;  /* of the library */
  uint64_t model_ns;     /* hr_batch_rmix_model: inside of the callback */
} hr_rmix_report;
/* R-Mix of a leased batch that is not mixed, by the caller's saliency maps: the lengths of the input
 * gradients, or anything that is at least 0 and large where it matters. `maps`: f32, [B, grid_height,
 * grid_width], map i at maps + i * row_stride (numbers), of the pictures as they are in the batch; a grid
 * may be any size from the patches' on. `q_index`: [B], an index in the quantiles for each sample, or NULL: drawn.
 * Changes images, labels, lambda, partner and targets in place, every view alike; the same for the same seed,
 * epoch and batch. Needs output.keep_u8 = true. `config` and `report` may be NULL. The thread that holds
 * the batch, nobody reading it meanwhile; also after close. On error the batch is as it was. Codes:
 * INVALID_ARGUMENT (the text says which). */
HR_API hr_status hr_batch_rmix(hr_batch *batch, const hr_rmix_config *config, const float *maps,
                               uint32_t grid_height, uint32_t grid_width, uint64_t row_stride,
                               const uint8_t *q_index, hr_rmix_report *report, hr_error *error);
/* The same by the gradients of `model`: a sample's map is sqrt(mean over channels of d(loss)/d(pixel)^2),
 * by one forward and backward pass over the valid samples, in chunks of at most 64 or what open reserved.
 * Losses are not looked at. A map with a number that is not finite is alike everywhere. One view; the
 * loader must be open. On the consumer's thread; the callback runs inside. Codes as hr_batch_rmix, and
 * CALLBACK_FAILED, REENTERED, FORKED; on error the batch is as it was. */
HR_API hr_status hr_batch_rmix_model(hr_batch *batch, const hr_rmix_config *config, hr_model_fn model,
                                     void *context, hr_rmix_report *report, hr_error *error);

/* Gives the buffer back. Any thread, also after close. NULL is allowed. */
HR_API void hr_batch_release(hr_batch *batch);

/* ---------------------------------------------------------------------------------- transform -- */

/* Ops on one image, without a loader: exact arithmetic, RGB, upright, any size. One thread at a time
 * per transform. */
typedef struct hr_transform hr_transform;

/* Each op is the inside of a TOML inline table: `op = "resize", size = 224`; or it holds [[augment]]
 * entries, such as hr_loader_replay and hr_transform_explain give. None: a plain decode.
 * `overrides` in options reach [decode], [limits], and [output] for hr_transform_convert. */
HR_API hr_status hr_transform_open(const char *const *ops, size_t op_count,
                                   const hr_options *options, hr_transform **out, hr_error *error);

typedef struct hr_draw {
  uint32_t struct_size;
  uint32_t epoch;
  uint64_t seed;
  uint64_t sample_id;
  int64_t label; /* for class rules; -1: none */
  uint32_t view; /* of aug_mix with several views; 0 is the clean one */
  uint32_t reserved;
} hr_draw;

/* u8, [height, width, channels]: RGB, or grey where an image of the caller's is. What a transform gives
 * lives until its next apply or close. */
typedef struct hr_image {
  uint32_t struct_size;
  uint32_t width;
  uint32_t height;
  uint32_t channels;
  uint64_t stride_bytes;
  const uint8_t *pixels;
} hr_image;

/* Decodes `bytes` and applies the ops with the draws of (seed, epoch, sample_id): the same as the
 * loader's for the same op list. `draw` may be NULL (zeros). */
HR_API hr_status hr_transform_apply(hr_transform *transform, const void *bytes, size_t length,
                                    const hr_draw *draw, hr_image *out, hr_error *error);
/* The same on pixels: `image` is u8 with 1 or 3 channels (with 1, the ops see a grey RGB image, and the
 * result is grey as Pillow's "L" of what they made). [limits] holds as for a file. Codes:
 * INVALID_ARGUMENT (an image that cannot be), LIMIT_PIXELS, LIMIT_BYTES. */
HR_API hr_status hr_transform_apply_image(hr_transform *transform, const hr_image *image,
                                          const hr_draw *draw, hr_image *out, hr_error *error);
/* Writes `image`, the result of an apply or one of its crops, as the options' [output] says: dtype,
 * layout, channels, mean and std, as a loader writes a sample. Dense: [C,H,W] or [H,W,C]. Writes if
 * `capacity` has room for it; *needed, which may be NULL, is its size in bytes. With data NULL and
 * capacity 0 it says the size only. Codes: INVALID_ARGUMENT. */
HR_API hr_status hr_transform_convert(const hr_transform *transform, const hr_image *image,
                                      void *data, size_t capacity, size_t *needed, hr_error *error);
/* What the last apply drew, as TOML [[augment]] entries that reproduce it (each parameter fixed).
 * Writes at most `capacity` bytes with the final NUL; *needed is the full size. */
HR_API hr_status hr_transform_explain(const hr_transform *transform, char *text, size_t capacity,
                                      size_t *needed, hr_error *error);
/* The crops of the last apply's result for evaluation: top left, top right, bottom left, bottom
 * right, centre (count = 5: torchvision's FiveCrop), then the mirror images of these five (count =
 * 10: TenCrop). Fills out[0] to out[count - 1], each with its struct_size set; they live until the
 * next call on the transform. Codes: INVALID_ARGUMENT (another count, nothing applied, a crop larger
 * than the image). */
HR_API hr_status hr_transform_crops(hr_transform *transform, uint32_t height, uint32_t width,
                                    uint32_t count, hr_image *out, hr_error *error);
HR_API void hr_transform_close(hr_transform *transform);

/* --------------------------------------------------------------------------------------- jobs -- */

/* Jobs over a whole data set. They block, use threads of their own, and may run beside loaders. */

/* How far they are they tell an hr_progress_fn (see the options); samples is 0 while they open a data
 * set. hr_pack with force first tells of its check of complete shards, with their samples and bytes 0,
 * and then begins anew with what is to be made. */

/* What there is to say about one sample. The texts live for the call. */
typedef struct hr_sample_note {
  uint32_t struct_size;
  int32_t code;          /* hr_status: the sample's own; HR_OK: nothing is known against it */
  int64_t id;            /* -1: the note is about the file alone */
  const char *path;      /* in the source data set; may be "" */
  const char *file;      /* that holds the sample */
  uint64_t offset;       /* of its first byte there */
  const char *text;      /* one line */
} hr_sample_note;
/* On the caller's thread, in no particular order. Must not unwind. */
typedef void (*hr_note_fn)(void *context, const hr_sample_note *note);

/* -------------------------------------------------------------------------------------- packs -- */

typedef enum hr_pack_codec { HR_PACK_JPEG = 0, HR_PACK_COEF = 1 } hr_pack_codec;

/* For all three jobs; each function says which fields it reads. Zero is the default of every field. */
typedef struct hr_pack_options {
  uint32_t struct_size;
  int32_t codec;         /* hr_pack_codec */
  uint32_t max_side;     /* of pictures, in pixels: larger ones are made smaller (lossy); 0: lossless */
  uint32_t quality;      /* 1 to 100: everything is encoded again (lossy); 0: 90 with max_side, else lossless */
  uint64_t shard_bytes;  /* of the source's files in one shard; 0: 256 MiB */
  uint32_t workers;      /* threads; 0: as many as CPUs this process may use */
  uint32_t force;        /* 1: what other settings made is replaced, and what is damaged made again */
  int32_t world_size;    /* with rank; 0: by [loader] rank, else by the launcher's environment */
  int32_t rank;
  const char *const *overrides; /* as in hr_options, for the source; hr_unpack: limits.* */
  uint32_t override_count;
  uint32_t reserved;
  hr_log_fn log;
  void *log_context;
  hr_progress_fn progress;
  void *progress_context;
  hr_note_fn note;       /* files that are not sound or too large to pack (HR_OK); what does not unpack or verify */
  void *note_context;
} hr_pack_options;

/* Of this rank, as far as the job came, also when it failed. */
typedef struct hr_pack_report {
  uint32_t struct_size;
  uint32_t workers;
  uint32_t rank;
  uint32_t world_size;
  uint64_t shards;        /* of this rank */
  uint64_t shards_kept;   /* of them, those that were complete before */
  uint64_t samples;       /* in all shards of this rank */
  uint64_t samples_kept;  /* that were complete before */
  uint64_t encoded;       /* records made now */
  uint64_t copied;        /* files taken as they were: PNG, WebP, and what is not sound */
  uint64_t damaged;       /* of them, those that are not sound: a note each */
  uint64_t source_bytes;  /* of the files packed now */
  uint64_t record_bytes;  /* of what they became */
  uint64_t pack_bytes;    /* of all shards of this rank with their indexes */
  uint64_t nanoseconds;
} hr_pack_report;

/* Makes a pack of `source`, a configuration file or a folder of classes (or of shards), in the folder
 * `out`, which is made if need be. Goes on where a job with the same settings ended; however it ends, a
 * shard is there whole or not at all. Complete shards stay as they are; with `force` every byte of them is
 * checked first, and damaged ones are made again. The bytes do not depend on workers or ranks; with `world_size`
 * ranks shard k is made by rank k mod world_size. `options` and `report` may be NULL. Codes: the CONFIG
 * group, INVALID_ARGUMENT (other settings made what is in the folder: the text shows both), SYSTEM
 * (another pack is at work there), STOPPED, the group of places (a file that went or changed meanwhile
 * is named), LIMIT_BYTES, OUT_OF_MEMORY. */
HR_API hr_status hr_pack(const char *source, const char *out, const hr_pack_options *options,
                         hr_pack_report *report, hr_error *error);

/* Files again from the pack in the folder `pack`: the paths of its source, beneath `out`. Records of
 * HR_PACK_COEF become JPEGs of the same pixels; all others are written as they are. A file that is there
 * already and is the same stays; one that is not is an error unless `force`. A record that
 * is damaged or passes a limit has a note; all others are written, then CORRUPT is returned. Reads workers, force,
 * overrides (limits.*), log, progress, note of `options`; in the report `encoded` are JPEGs made of coefficients,
 * `damaged` the records with a note, `shards_kept` 0 and `samples_kept` the files that were there. Codes: as
 * hr_pack, CORRUPT (an index or a record; paths that would lead out of `out`). */
HR_API hr_status hr_unpack(const char *pack, const char *out, const hr_pack_options *options,
                           hr_pack_report *report, hr_error *error);

typedef struct hr_verify_report {
  uint32_t struct_size;
  uint32_t workers;
  uint64_t shards;
  uint64_t samples;
  uint64_t bad;           /* notes given */
  uint64_t compared;      /* samples whose pixels were compared with the source's */
  uint64_t record_bytes;
  uint64_t nanoseconds;
} hr_verify_report;

/* Checks the pack in the folder `pack`: that every sample of the set is there once, tar headers, labels and
 * texts where they have to be, each record by its checksum. With `source` (a configuration file or a folder;
 * else NULL) also that path, label and every pixel of each sample are the source's, whole pictures decoded
 * in exact mode. HR_OK also when something is bad: report->bad counts, and `note` gets each. Reads
 * workers, overrides (of the source), log, progress, note of `options`. Codes: as hr_unpack;
 * INVALID_ARGUMENT when a lossy pack is to be compared. */
HR_API hr_status hr_pack_verify(const char *pack, const char *source, const hr_pack_options *options,
                                hr_verify_report *report, hr_error *error);

/* --------------------------------------------------------------------------------------- scan -- */

typedef enum hr_scan_kind {
  HR_SCAN_BROKEN = 1,     /* cannot be read or decoded, or passes a limit: code and text say why */
  HR_SCAN_EXTRANEOUS = 2, /* good, but has bytes that belong nowhere */
  HR_SCAN_DUPLICATE = 3   /* the same bytes as the others of its group */
} hr_scan_kind;

/* Something about one sample. Pointers live for the call. */
typedef struct hr_scan_finding {
  uint32_t struct_size;
  int32_t kind;        /* hr_scan_kind */
  int64_t id;
  const char *path;    /* of the file, relative to the data set's folder: a shard, with tars */
  const char *name;    /* of the sample: its path, or what it was called when it was packed */
  uint64_t offset;     /* in the file */
  uint64_t bytes;      /* of the sample */
  uint64_t group;      /* of duplicates, from 0; members of a group come one after the other */
  int32_t code;        /* hr_status; HR_OK unless broken */
  int32_t errno_value; /* the system's error number, or 0 */
  const char *text;    /* "" unless broken */
} hr_scan_finding;
/* On the thread that called hr_scan, after the last sample: broken samples by id, then extraneous
 * ones by id, then duplicates. Must not unwind. */
typedef void (*hr_scan_finding_fn)(void *context, const hr_scan_finding *finding);

typedef struct hr_scan_options {
  uint32_t struct_size;
  uint32_t workers;       /* threads; 0: loader.workers, or the CPUs this process may use */
  const char *quarantine; /* a file that gets a line for each broken sample; NULL: none */
  hr_progress_fn progress; /* may be NULL; once more at the end */
  void *progress_context;
  hr_scan_finding_fn finding;   /* may be NULL */
  void *finding_context;
} hr_scan_options;

/* Of some numbers; zeros when there are none. */
typedef struct hr_spread {
  uint64_t least;
  uint64_t median; /* the lower one of two */
  uint64_t most;
} hr_spread;

typedef struct hr_scan_report {
  uint32_t struct_size;
  uint32_t cancelled;         /* 1: by the progress callback; counts are of what was seen */
  uint64_t samples;           /* of the data set */
  uint64_t seen;
  uint64_t good;
  uint64_t broken;
  uint64_t over_limits;       /* of the broken ones: those that pass [limits] */
  uint64_t extraneous;
  uint64_t duplicate_groups;
  uint64_t duplicate_samples; /* beyond the first of each group */
  uint64_t duplicate_bytes;   /* of those */
  uint64_t bytes;             /* of all that were seen */
  uint64_t jpeg;              /* formats, by content */
  uint64_t png;
  uint64_t webp;
  uint64_t coef;              /* coefficient records of a pack */
  uint64_t other_formats;
  uint64_t grey;              /* the rest: of those whose header could be read */
  uint64_t rgb;
  uint64_t cmyk;
  uint64_t with_alpha;        /* counted in grey or rgb too */
  uint64_t progressive;       /* or interlaced */
  uint64_t turned;            /* by their EXIF orientation */
  hr_spread width;            /* upright */
  hr_spread height;
  hr_spread pixels;
  hr_spread file_bytes;       /* of all that were seen */
  uint64_t megapixels[10];    /* pictures below 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 12 million pixels, and
                                 the rest */
} hr_scan_report;

/* Reads and decodes every sample of a data set, whole, and says what is in it. `path`: a configuration
 * (.toml), a folder of pictures (class folders or not), a tar or a folder of tars. `options`: overrides
 * and log; NULL: none. `scan` and `out` may be NULL. A sample is judged as the loader would judge it if
 * it needed all of the picture; a broken one is a finding and no error. Blocks; its threads end with
 * it. Codes: as hr_loader_open_file; STOPPED after a cancel (*out is filled); IO_ERROR when the
 * quarantine file cannot be written. */
HR_API hr_status hr_scan(const char *path, const hr_options *options, const hr_scan_options *scan,
                         hr_scan_report *out, hr_error *error);

/* ------------------------------------------------------------------------------------- search -- */

/* The search for an augmentation policy, by ask and tell: ask for a trial, train with its policy and score
 * the model on held-out images (higher is better), tell the score. One thread at a time per search; it
 * has no threads of its own. The sequence of policies depends on the space, the strategy, the seed and
 * `parallel` only, not on the order in which the trials come back: the ask of trial i sees the scores of
 * trials 0 to i - parallel and no others. docs/search-space.md. */
typedef struct hr_search hr_search;

typedef enum hr_search_strategy {
  HR_SEARCH_RANDOM = 0,
  HR_SEARCH_EVOLUTION = 1, /* regularised (aging) evolution */
  HR_SEARCH_REINFORCE = 2,
  HR_SEARCH_PPO = 3
} hr_search_strategy;

typedef struct hr_search_options {
  uint32_t struct_size;
  int32_t strategy;       /* hr_search_strategy */
  uint64_t seed;
  uint32_t parallel;      /* trials that may be out at once, 1 to 1024; 0: 1 */
  uint32_t trials;        /* of the search proper, at most 1000000; 0: no end, and so nothing after it */
  uint32_t rescore_top;   /* after it: the best policies are scored again; at most `trials`; 0: none */
  uint32_t rescore_seeds; /* on so many fresh seeds, at most 64; 0: 3 */
  uint32_t baselines;     /* 1: after that the baselines, on the same fresh seeds; 0: none */
  uint32_t override_count;
  const char *const *overrides; /* as in hr_options, for [search]: "search.space=sub_policy" */
} hr_search_options;

typedef enum hr_trial_kind {
  HR_TRIAL_SEARCH = 0,
  HR_TRIAL_RESCORE = 1, /* the policy of an earlier trial, on a fresh seed */
  HR_TRIAL_BASELINE = 2 /* a policy to compare with, on a fresh seed */
} hr_trial_kind;

typedef enum hr_trial_state {
  HR_TRIAL_OUT = 0,   /* asked and not told */
  HR_TRIAL_SCORED = 1,
  HR_TRIAL_FAILED = 2
} hr_trial_state;

typedef struct hr_trial {
  uint32_t struct_size;
  int32_t kind;         /* hr_trial_kind */
  uint64_t id;          /* from 0, in the order of asking; then re-scores, then baselines */
  uint64_t of;          /* the trial that is scored again; the number of the baseline; else id */
  uint64_t seed;        /* for the evaluator, below 2^31: the same for a policy's re-scores and baselines */
  const char *policy;   /* TOML of a policy file, as auto_augment's `policy` takes it */
  const char *text;     /* the same in one line: "hraa1/torchvision/10:Pos:0.4:8+Rot:0.6:9|..." */
  const char *name;     /* of a baseline: "none", "rand_augment", "trivial_augment_wide", "random"; else "" */
  const uint32_t *genes; /* the numbers that it is made of; NULL for baselines that are not in the space */
  uint32_t gene_count;
  int32_t state;        /* hr_trial_state */
  double score;         /* of one that was scored; else NaN */
  const char *failed;   /* why it failed; else "" */
} hr_trial;

/* A policy with what is known about it. Pointers live until the next call on the search. */
typedef struct hr_search_result {
  uint32_t struct_size;
  uint32_t rescores;    /* scores on fresh seeds: told and not failed */
  uint32_t rescores_failed;
  uint32_t reserved;
  uint64_t id;          /* of its (first, best) trial; the number of the baseline */
  double score;         /* of that trial; NaN for baselines */
  double mean;          /* of the scores on fresh seeds; NaN: there is none */
  double standard_error; /* of the mean; NaN with fewer than two */
  const char *policy;   /* as in hr_trial, and so the next two */
  const char *text;
  const char *name;
} hr_search_result;

typedef struct hr_search_counts {
  uint32_t struct_size;
  int32_t kind;         /* hr_trial_kind: what the next ask is about */
  uint64_t trials;      /* that there will be in all, re-scores and baselines included; 0: no end */
  uint64_t asked;       /* whatever became of them, and so the rest; ids below it were given out */
  uint64_t out;
  uint64_t scored;
  uint64_t failed;
  uint64_t search_trials; /* of the search proper that were told; how many of them failed: */
  uint64_t search_failed;
  uint64_t best_id;     /* of the search proper */
  double best_score;    /* NaN: no score yet */
} hr_search_counts;

/* Opens a search. `space` is TOML of `length` bytes, a whole configuration or a [search] table alone; of a
 * configuration only [search] is looked at. NULL, or no [search] in it: AutoAugment's space. `options` may
 * be NULL: random, seed 0, without end. Codes: the CONFIG group, INVALID_ARGUMENT. */
HR_API hr_status hr_search_open(const char *space, size_t length, const hr_search_options *options,
                                hr_search **out, hr_error *error);
/* The same of a configuration file. Codes: also NOT_FOUND, PERMISSION, NOT_REGULAR_FILE, IO_ERROR. */
HR_API hr_status hr_search_open_file(const char *path, const hr_search_options *options,
                                     hr_search **out, hr_error *error);
/* The next trial. After hr_search_load first those that were out when the state was saved. The pointers in
 * *out live until it is told, or close. HR_TIMEOUT: not before a trial is told that the text names.
 * HR_END_OF_EPOCH: all trials are told or out. */
HR_API hr_status hr_search_ask(hr_search *search, hr_trial *out, hr_error *error);
/* What became of trial `id`, once. `failed` is NULL, or why there is no score: a line, of which 300 bytes are
 * kept. A score that is NaN, infinite or beyond 1e100 is a failure too. In any order. Codes:
 * INVALID_ARGUMENT (not asked, or told before). */
HR_API hr_status hr_search_tell(hr_search *search, uint64_t id, double score, const char *failed,
                                hr_error *error);
/* A trial that was asked. Pointers live until the next call on the search. Codes: INVALID_ARGUMENT. */
HR_API hr_status hr_search_trial(hr_search *search, uint64_t id, hr_trial *out, hr_error *error);
/* The policy of rank `rank`, 0 is the best: those that were scored again, by their mean, before all others,
 * by their score. Equal policies count once. Codes: INVALID_ARGUMENT (not so many have a score). */
HR_API hr_status hr_search_best(hr_search *search, uint32_t rank, hr_search_result *out,
                                hr_error *error);
/* Baseline `index`: 0 none (nothing is changed), 1 RandAugment (two ops at magnitude 9), 2
 * TrivialAugmentWide, 3 a random policy of the space, chosen by the seed. May be asked for at any time. Codes:
 * INVALID_ARGUMENT (no such baseline). */
HR_API hr_status hr_search_baseline(hr_search *search, uint32_t index, hr_search_result *out,
                                    hr_error *error);
/* The best `count` policies as one: their sub-policies together. Writes at most `capacity` bytes of TOML with
 * the final NUL; *needed is the full size. With fewer than `count`, all there are. Codes: INVALID_ARGUMENT
 * (none has a score; more than 1000 sub-policies; a space without sub-policies). */
HR_API hr_status hr_search_concat(hr_search *search, uint32_t count, char *toml, size_t capacity,
                                  size_t *needed, hr_error *error);
/* How far it has come. */
HR_API hr_status hr_search_progress(const hr_search *search, hr_search_counts *out,
                                    hr_error *error);

/* All that was told, as JSON. Writes at most `capacity` bytes with the final NUL; *needed is the full size. */
HR_API hr_status hr_search_save(const hr_search *search, char *json, size_t capacity, size_t *needed,
                                hr_error *error);
/* Goes on where a state was saved; before the first ask. `trials`, `rescore_top`, `rescore_seeds` and
 * `baselines` may be others. Codes, which leave the search as it was: CONFIG_VALUE (of another space,
 * strategy, seed or `parallel`; the text has both values), CORRUPT, NOT_IN_THIS_VERSION (of another version
 * of the strategies), INVALID_ARGUMENT (something was asked already). */
HR_API hr_status hr_search_load(hr_search *search, const char *json, size_t length, hr_error *error);
/* NULL is allowed. */
HR_API void hr_search_close(hr_search *search);

typedef enum hr_gene_kind {
  HR_GENE_OP = 0,          /* a choice; all others have an order */
  HR_GENE_PROBABILITY = 1, /* value / (values - 1) */
  HR_GENE_MAGNITUDE = 2,   /* a bin, or with timm and tf a level */
  HR_GENE_NUM_OPS = 3      /* value + 1 */
} hr_gene_kind;

/* One of the numbers that a policy of the space is made of, for other searches than ours. Pointers live
 * until close. */
typedef struct hr_gene {
  uint32_t struct_size;
  int32_t kind;        /* hr_gene_kind */
  uint32_t values;     /* it is 0 to values - 1 */
  uint32_t sub_policy; /* that it belongs to */
  uint32_t place;      /* of its op in the sub-policy */
  uint32_t reserved;
  const char *const *names; /* of an op: what each value stands for; else NULL */
} hr_gene;
/* Gene `index`, from 0. Codes: INVALID_ARGUMENT: there are no more. */
HR_API hr_status hr_search_gene(const hr_search *search, uint32_t index, hr_gene *out, hr_error *error);

/* A policy in its three forms. Pointers live until the next call on the search. */
typedef struct hr_policy {
  uint32_t struct_size;
  uint32_t gene_count;
  const uint32_t *genes; /* NULL: it is not in the space of the search */
  const char *toml;
  const char *text;
  uint64_t hash;         /* equal for policies that do the same */
} hr_policy;
/* Of genes. Codes: INVALID_ARGUMENT (their number, or a value, is not the space's). */
HR_API hr_status hr_search_policy_of_genes(hr_search *search, const uint32_t *genes, size_t count,
                                           hr_policy *out, hr_error *error);
/* Of a text of `length` bytes: one that begins with "hraa1/", or TOML of a policy file. Codes: the CONFIG
 * group; the error has the place in the text. */
HR_API hr_status hr_search_policy_of_text(hr_search *search, const char *text, size_t length,
                                          hr_policy *out, hr_error *error);
/* The op that a policy's line calls by these `length` bytes: "rotate" for "Rot"; static. NULL: there is none. */
HR_API const char *hr_policy_op_name(const char *short_name, size_t length);

/* -------------------------------------------------------------------------------------- tools -- */

/* Writes u8 pixels (1 or 3 channels) as PNG or JPEG, by the extension of `path` (.png .jpg .jpeg):
 * to a temporary name, synced, renamed. `quality`: JPEG's 1 to 100, 0 for 90; ignored for PNG. */
HR_API hr_status hr_image_write(const char *path, const hr_image *image, int quality,
                                hr_error *error);

/* What hr_index or hr_index_shard found. */
typedef struct hr_index_report {
  uint32_t struct_size;
  uint32_t written; /* 1: an index was written; 0: the one that is there fits, and stays */
  uint64_t samples;
  uint64_t classes; /* names of classes that it knows */
  uint64_t index_bytes;
  uint64_t shard_bytes;
  uint64_t without_picture; /* of a shard that was read: samples passed over for want of a picture */
  uint64_t without_label;   /* samples with label -1, also of an index that stays */
  uint64_t passed_over;     /* of a shard that was read: members that are links, folders, devices or sparse */
  uint32_t data_behind_end; /* 1: and something follows its end mark, which no tar looks at */
  uint32_t reserved;
  uint64_t same_key; /* of a shard that was read: pictures not taken because another has their key */
  uint64_t name_clashes; /* of a shard that was read: samples that name a class's number otherwise than
                          * one before; then the numbers have no names */
} hr_index_report;

typedef struct hr_index_options {
  uint32_t struct_size;
  uint32_t force;          /* 1: an index that is there is made anew, unless it is that of a pack */
  hr_progress_fn progress; /* of this shard: samples 0, samples_done those that were found, its bytes.
                              A pack's may be gone through twice: bytes_done is of the second time,
                              in which they are all read. NULL: nobody waits */
  void *progress_context;
} hr_index_options;
/* Writes the index of a tar shard beside it, "PATH.hri": whole or not at all, however the call ends. One
 * that fits the shard is kept unless `force`; that of a pack always is. `options` and `out` may be NULL.
 * Any thread; one shard a call, so call it from several. Codes: the groups of places and samples,
 * CONFIG_VALUE (labels that cannot be), STOPPED. */
HR_API hr_status hr_index(const char *path, const hr_index_options *options, hr_index_report *out,
                          hr_error *error);
/* hr_index with `force` and nothing else. */
HR_API hr_status hr_index_shard(const char *path, int force, hr_index_report *out, hr_error *error);

/* What a configuration can say, as one JSON object: "tables", each key with its kind, default, bounds or
 * words, and a line that says what it is; "ops" and "mix", each with its parameters in the same way.
 * docs/c_api.md has the members. Writes at most `capacity` bytes with the final NUL; *needed is the full
 * size. */
HR_API hr_status hr_schema(char *json, size_t capacity, size_t *needed, hr_error *error);

/* Which process of how many this is. */
typedef struct hr_rank {
  uint32_t struct_size;
  uint32_t rank;
  uint32_t world_size;
  uint32_t reserved;
  char source[64];   /* "alone", "environment: RANK, WORLD_SIZE" */
  char warning[448]; /* other launchers that say otherwise; "" when none does */
} hr_rank;
/* What rank = "auto" comes to: as the launcher's environment says (torchrun, Open MPI, MPICH, Slurm), else 0 of
 * 1. For programs that share work in other ways than by a loader. Any thread. Codes: CONFIG_VALUE (the
 * variables are there and make no sense). */
HR_API hr_status hr_find_rank(hr_rank *out, hr_error *error);

/* What this machine offers and what headrace will use, as one JSON object. Writes at most `capacity`
 * bytes with the final NUL; *needed is the full size. */
HR_API hr_status hr_doctor(char *json, size_t capacity, size_t *needed, hr_error *error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* HEADRACE_H_ */
