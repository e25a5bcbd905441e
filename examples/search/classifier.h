/* The model that is trained: softmax regression. */
#ifndef EXAMPLES_SEARCH_CLASSIFIER_H_
#define EXAMPLES_SEARCH_CLASSIFIER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

/* Softmax regression with Adam. What it predicts with are the weights averaged over the second half
 * of the training, which takes away most of what the last few batches happened to be: scores of
 * policies have to differ by the policies. Owner: the model. Thread: one at a time. Cost: 2 x
 * features x classes multiplications a row, and some 10 x features x classes a step. */
class Classifier {
 public:
  /* `steps`: that the training will have. */
  Classifier(size_t features, size_t classes, size_t steps);

  /* One step on a batch: `rows` [count, features], `labels` [count], none of them -1. */
  void Step(const float* rows, const int64_t* labels, size_t count);
  /* The class of one row, by the averaged weights. */
  int64_t Predict(const float* row) const;

 private:
  void Logits(const std::vector<float>& weights, const float* row, float* logits) const;
  void Update();

  static constexpr float kRate = 0.003F; /* of Adam */
  static constexpr float kDecay = 1e-4F; /* of the weights */

  size_t features_, classes_, steps_, step_ = 0;
  /* Each [classes, features + 1], the last a bias. `first_` and `second_` are Adam's moments. */
  std::vector<float> weights_, gradient_, first_, second_, average_;
};

#endif
