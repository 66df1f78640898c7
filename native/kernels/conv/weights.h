// The gradient of a convolution's weights: columns meet the output's gradient, or places one after the other, or taps planes.
#pragma once
#include "kernels/conv/convolution.h"
#include "kernels/conv/places.h"
#include "kernels/conv/taps.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Rows of columns, and places of them, that meet the gradient at once to become that of the weights: a third of L2.
constexpr int64_t kWeightRows = 160, kBlockPlaces = 512;
constexpr int64_t kPlaces = 32;  // of an image that pay for setting up a tile

/** dW of groups [g0, g1) whose channels are few: lanes are summed at the end. */
template <class T> bool depthwiseWeights(const Convolution<T>& c, int64_t g0, int64_t g1, const T* x, const T* grad, T* dw) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t P = c.w.places, each = c.K * c.w.taps;  // sums of a group
  T* sums = nullptr;
  T* const image = clearImage<T>(c.w, 1);
  const int64_t* const offsets = tapsAnd(c.w, times(times(g1 - g0, each), L), sums);
  if (!image || !offsets) return false;
  fillRun(sums, T(0), (g1 - g0) * each * L);
  for (int64_t n = 0; n < c.N; n++)
    for (int64_t g = g0; g < g1; g++) {
      const int64_t of = n * c.G + g;
      padPlane(c.w, x + of * c.w.plane, image);
      for (int64_t k = 0; k < c.K; k++)
        tapsDot(c.w, grad + (of * c.K + k) * P, offsets, image, sums + ((g - g0) * each + k * c.w.taps) * L);
    }
  for (int64_t r = 0; r < (g1 - g0) * each; r++) dw[g0 * each + r] = reduceAdd(load(sums + r * L));
  return true;
}

/** dW of channels [c0, c1) of a group, over all images. Places of several small images meet at once. */
template <class T>
bool columnsWeights(const Convolution<T>& c, int64_t g, int64_t c0, int64_t c1, const T* x, const T* grad, T* dw) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t P = c.w.places, planes = c1 - c0, rows = planes * c.w.taps, ld = (rows + L - 1) / L * L;
  const int64_t some = P >= kBlockPlaces / 2 ? 1 : lesser(c.N, kBlockPlaces / P), most = some > 1 ? some * P : lesser(P, kBlockPlaces);
  T* const image = c.pointwise ? nullptr : clearImage<T>(c.w, planes);
  int64_t* const offsets = room<int64_t>(kWeightSlot, ld);
  T* const panel = room<T>(kPanelSlot, times(most, plus(ld, c.K)));
  if ((!c.pointwise && !image) || !offsets || !panel) return false;
  T* const beside = panel + most * ld;  // gradients of the same places
  tapOffsets(c.w, planes, ld, offsets);
  bool first = true;
  for (int64_t n = 0; n < c.N; n += some)
    for (int64_t p = 0, length; p < P; p += length) {
      length = some > 1 ? lesser(some, c.N - n) * P : lesser(most, P - p);
      Gemm<T> product{c.K, rows, length, beside, most, 1, panel, ld, 1, dw + g * c.K * c.R + c0 * c.w.taps, c.R};
      product.near = true;
      for (int64_t i = 0; i < some && n + i < c.N; i++) {
        const int64_t of = (n + i) * c.G + g;
        const T* const in = x + (of * c.C + c0) * c.w.plane;
        const T* const from = grad + of * c.K * P;
        if (some == 1) product.A = from + p, product.rowA = P;
        else
          for (int64_t k = 0; k < c.K; k++) copyRun(beside + k * most + i * P, from + k * P, P);
        if (c.pointwise) {
          product.rowB = 1, product.colB = most;
          if (some == 1) product.B = in + p, product.colB = P;
          else
            for (int64_t j = 0; j < rows; j++) copyRun(panel + j * most + i * P, in + j * P, P);
          continue;
        }
        if (p == 0)
          for (int64_t j = 0; j < planes; j++) padPlane(c.w, in + j * c.w.plane, image + j * c.w.size);
        for (int64_t at = p, end = some > 1 ? P : p + length; at < end;) {
          Run runs[kMostRuns];
          const int64_t start = at;
          const int count = cutRuns<T>(c.w, at, end, runs);
          gatherColumns(image, offsets, ld, runs, count, panel + (i * P + start - p) * ld);
        }
      }
      product.beta = first ? 0 : 1;
      first = false;
      if (!gemm(product)) return false;
    }
  return true;
}

/** Whether output channels fill the vectors of a tile, and places outweigh what a tile costs once: then it is made place by place. */
template <class T> bool byPlaces(const Convolution<T>& c) {
  constexpr int64_t L = VecOf<T>::lanes;
  return kTuned<T> && !c.pointwise && c.K <= 2 * L && 4 * c.K >= 3 * ((c.K + L - 1) / L * L) && c.w.places >= kPlaces;
}

/** dW of channels [c0, c1) of a group, over all images, place by place. */
template <class T>
bool placesWeights(const Convolution<T>& c, int64_t g, int64_t c0, int64_t c1, const T* x, const T* grad, T* dw) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t P = c.w.places, planes = c1 - c0, rows = planes * c.w.taps, all = rows + kFewTaps - 1;
  const int64_t width = (c.K + L - 1) / L * L, fit = kTurnedBytes / (width * static_cast<int64_t>(sizeof(T)));
  const int64_t parts = (P + fit - 1) / fit, most = ((P + parts - 1) / parts + L - 1) / L * L;
  T* const image = clearImage<T>(c.w, planes);
  int64_t* const offsets = room<int64_t>(kOffsetSlot, all);
  T* const turned = room<T>(kPanelSlot, times(plus(most, all), width));
  if (!image || !offsets || !turned) return false;
  T* const sums = turned + most * width;
  fillRun(sums, T(0), all * width);
  tapOffsets(c.w, planes, all, offsets);
  for (int64_t n = 0; n < c.N; n++) {
    const int64_t of = n * c.G + g;
    const T* const in = x + (of * c.C + c0) * c.w.plane;
    const T* const from = grad + of * c.K * P;
    for (int64_t j = 0; j < planes; j++) padPlane(c.w, in + j * c.w.plane, image + j * c.w.size);
    for (int64_t p = 0; p < P;) {
      Run runs[kMostRuns];
      const int64_t start = p;
      const int count = cutRuns<T>(c.w, p, lesser(P, p + most), runs, most);
      turnGradients(p - start, c.K, from + start, P, turned, width);
      placesProduct(runs, count, image, rows, offsets, turned, width, sums);
    }
  }
  T* const to = dw + g * c.K * c.R + c0 * c.w.taps;
  for (int64_t k = 0; k < c.K; k++)
    for (int64_t r = 0; r < rows; r++) to[k * c.R + r] = sums[r * width + k];
  return true;
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
