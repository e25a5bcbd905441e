/* Trains two small models on the same batches, one as they come and one on what adversarial colour
 * enhancement (ACE) makes of them for it, and prints how both do on clean and on attacked pictures:
 * ace_train ace_train.toml [EPOCHS] */
#include <headrace.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Softmax regression on the means of a grid of cells. */
enum { GRID = 8, FEATURES = 3 * GRID * GRID };
typedef struct model {
  uint32_t classes;
  float *weights; /* [classes, FEATURES + 1]: the last one is the bias */
  double *share;  /* [classes] */
} model;

typedef struct score {
  double loss;
  uint64_t right;
  uint64_t seen;
} score;

static uint32_t cell(uint32_t c, uint32_t y, uint32_t x, uint32_t height, uint32_t width) {
  return (c * GRID + y * GRID / height) * GRID + x * GRID / width;
}

/* Means of the cells of one picture. */
static void look(const float *data, const int64_t *stride, uint32_t height, uint32_t width,
                 float *features) {
  memset(features, 0, FEATURES * sizeof *features);
  for (uint32_t c = 0; c < 3; ++c)
    for (uint32_t y = 0; y < height; ++y)
      for (uint32_t x = 0; x < width; ++x)
        features[cell(c, y, x, height, width)] +=
            data[c * stride[1] + y * stride[2] + x * stride[3]] * (GRID * GRID) / (float)(height * width);
}

/* Fills m->share with the classes' probabilities; gives the cross-entropy of `label`. */
static double judge(model *m, const float *features, int64_t label, double *margin) {
  double most = -1e300, others = -1e300, sum = 0, own = 0;
  for (uint32_t k = 0; k < m->classes; ++k) {
    const float *w = m->weights + k * (FEATURES + 1);
    double logit = w[FEATURES];
    for (int i = 0; i < FEATURES; ++i) logit += w[i] * features[i];
    m->share[k] = logit;
    if (logit > most) most = logit;
    if (k == label) own = logit;
    else if (logit > others) others = logit;
  }
  for (uint32_t k = 0; k < m->classes; ++k) sum += m->share[k] = exp(m->share[k] - most);
  for (uint32_t k = 0; k < m->classes; ++k) m->share[k] /= sum;
  *margin = own - others;
  return most - own + log(sum);
}

/* hr_model_fn: what ACE asks the model. */
static int call_model(void *context, const hr_model_in *in, hr_model_out *out) {
  model *m = context;
  float features[FEATURES], by_feature[FEATURES];
  for (uint32_t r = 0; r < in->rows; ++r) {
    float *grad = (float *)out->grad + r * out->stride[0];
    double margin;
    look(in->data + r * in->stride[0], in->stride, in->height, in->width, features);
    out->loss[r] = (float)judge(m, features, in->label[r], &margin);
    out->margin[r] = (float)margin;
    memset(by_feature, 0, sizeof by_feature);
    for (uint32_t k = 0; k < m->classes; ++k) {
      const double error = m->share[k] - (k == (uint32_t)in->label[r]);
      for (int i = 0; i < FEATURES; ++i)
        by_feature[i] += (float)error * m->weights[k * (FEATURES + 1) + i];
    }
    for (uint32_t c = 0; c < 3; ++c)
      for (uint32_t y = 0; y < in->height; ++y)
        for (uint32_t x = 0; x < in->width; ++x)
          grad[c * out->stride[1] + y * out->stride[2] + x * out->stride[3]] =
              by_feature[cell(c, y, x, in->height, in->width)] * (GRID * GRID) /
              (float)(in->height * in->width);
  }
  return 0;
}

/* Judges every sample of the batch; with rate > 0 also learns from it. */
static void see_batch(model *m, const hr_batch *batch, double rate, score *s) {
  float features[FEATURES];
  HR_INIT(hr_batch_info, info);
  hr_batch_view(batch, &info, NULL);
  const int64_t plane = (int64_t)info.height * info.width; /* f32 NCHW, as the configuration says */
  const int64_t stride[4] = {3 * plane, plane, info.width, 1};
  for (uint32_t r = 0; r < info.count; ++r) {
    if (info.valid[r] == 0) continue;
    double margin;
    look((const float *)info.images + r * stride[0], stride, info.height, info.width, features);
    s->loss += judge(m, features, info.labels[r], &margin);
    s->right += margin > 0;
    ++s->seen;
    for (uint32_t k = 0; rate > 0 && k < m->classes; ++k) {
      const float step = (float)(rate * (m->share[k] - (k == (uint32_t)info.labels[r])));
      float *w = m->weights + k * (FEATURES + 1);
      for (int i = 0; i < FEATURES; ++i) w[i] -= step * features[i];
      w[FEATURES] -= step;
    }
  }
}

/* One epoch. With `learner` two models learn: `plain` from the batches as they come, `learner` from what
 * ACE makes of them. Without, `plain` is judged on clean and on attacked batches. */
static int epoch(hr_loader *loader, model *plain, model *learner, score *clean, score *attacked) {
  HR_INIT(hr_error, error);
  HR_INIT(hr_ace_config, config);
  config.bound = 4;
  config.p = learner != NULL ? 0.5 : 1.0;
  for (;;) {
    hr_batch *batch = NULL;
    hr_status status = hr_loader_next(loader, -1, &batch, &error);
    if (status == HR_END_OF_EPOCH) return 1;
    if (status == HR_OK) {
      model *victim = learner != NULL ? learner : plain;
      const double rate = learner != NULL ? 0.01 : 0;
      see_batch(plain, batch, rate, clean);
      status = hr_batch_ace(batch, &config, call_model, victim, NULL, &error);
      if (status == HR_OK) see_batch(victim, batch, rate, attacked);
      hr_batch_release(batch);
    }
    if (status != HR_OK) return fprintf(stderr, "%s: %s\n", hr_status_name(status), error.text), 0;
  }
}

static void print_score(const char *name, const score *clean, const score *attacked) {
  printf("%s: clean loss %.3f accuracy %.2f, under attack loss %.3f accuracy %.2f\n", name,
         clean->loss / (double)clean->seen, (double)clean->right / (double)clean->seen,
         attacked->loss / (double)attacked->seen, (double)attacked->right / (double)attacked->seen);
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) return fprintf(stderr, "usage: %s CONFIG.toml [EPOCHS]\n", argv[0]), 2;
  const int epochs = argc == 3 ? atoi(argv[2]) : 10;
  HR_INIT(hr_error, error);
  hr_loader *loader = NULL;
  if (hr_loader_open_file(argv[1], NULL, &loader, &error) != HR_OK)
    return fprintf(stderr, "%s\n", error.text), 1;

  HR_INIT(hr_length, length);
  hr_loader_length(loader, &length, NULL);
  const size_t weights = (size_t)length.classes * (FEATURES + 1);
  model models[2];
  int good = 1;
  for (int i = 0; i < 2; ++i) {
    models[i].classes = length.classes;
    models[i].weights = calloc(weights, sizeof(float));
    models[i].share = calloc(length.classes, sizeof(double));
    good = good && models[i].weights != NULL && models[i].share != NULL;
  }
  for (int e = 0; good && e < epochs; ++e) {
    score clean = {0}, attacked = {0};
    good = epoch(loader, &models[0], &models[1], &clean, &attacked);
    if (good)
      printf("epoch %d: loss of the plain model %.3f, of the model with ACE %.3f\n", e,
             clean.loss / (double)clean.seen, attacked.loss / (double)attacked.seen);
  }
  for (int i = 0; good && i < 2; ++i) {
    score clean = {0}, attacked = {0};
    good = epoch(loader, &models[i], NULL, &clean, &attacked);
    if (good) print_score(i == 0 ? "trained plainly" : "trained with ACE", &clean, &attacked);
  }
  hr_loader_close(loader);
  for (int i = 0; i < 2; ++i) {
    free(models[i].weights);
    free(models[i].share);
  }
  return good ? 0 : 1;
}
