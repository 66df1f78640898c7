// Convolutions whose rows are as wide as those of their input: places and elements of a plane have the same numbers, so that what a
// tap sees is the plane itself, some elements on. Masks leave out what lies beyond the edges, and nothing is copied.
#pragma once
#include "kernels/conv/panel.h"
#include "kernels/gemm/tile.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Elsewhere masks take vectors, which tiles have none of to spare. */
template <class T> constexpr bool kInPlace = false;
#if defined(__AVX512F__)
template <> constexpr bool kInPlace<float> = true;
constexpr int64_t kTilePlaces = 64;  // of a tile, a bit of a mask for each

/** Bits [a, b), as far as there are any. */
inline uint64_t bits(int64_t a, int64_t b) {
  if (a < 0) a = 0;
  if (b <= a || a >= 64) return 0;
  return (b >= 64 ? ~uint64_t{0} : (uint64_t{1} << b) - 1) & (~uint64_t{0} << a);
}

/** Which of the places from p on see an element, by each tap. */
inline void findEdges(const Window& w, int64_t p, int64_t places, uint64_t* masks) {
  const int64_t wide = w.out[2];
  for (int64_t x = 0; x < w.kernel[2]; x++) {
    const int64_t right = x * w.dilation[2] - w.pad[2];
    masks[x] = 0;
    for (int64_t at = -(p % wide); at < places; at += wide)
      masks[x] |= bits(right < 0 ? at - right : at, lesser(at + wide - (right > 0 ? right : 0), places));
  }
  for (int64_t y = w.kernel[1] - 1; y >= 0; y--) {
    const int64_t down = y * w.dilation[1] - w.pad[1];
    const uint64_t rows = bits(-down * wide - p, (w.in[1] - down) * wide - p);
    for (int64_t x = 0; x < w.kernel[2]; x++) masks[y * w.kernel[2] + x] = masks[x] & rows;
  }
}

inline VecF loadMasked(const float* x, uint64_t mask, int vector) {
  return loadLanes(VecF{}, x + vector * kLanesF, static_cast<uint16_t>(mask >> 16 * vector));
}

/** MR rows of a product: out[i][p] = bias[i] + sum over t, c of weight[i][c][t]·x[c][offsets[t] + p]. `next`: what is read after x. */
template <int MR>
__attribute__((noinline)) void inPlaceTile(const Convolution<float>& c, const float* weight, const float* x, const int64_t* offsets,
                                           const uint64_t* masks, const float* bias, float* out, const float* next) {
  constexpr int L = kLanesF, NV = kTileVectors;
  static_assert(NV * L == kTilePlaces);
  const int64_t C = c.C, R = c.R, P = c.w.places, taps = c.w.taps, plane = c.w.plane;
  VecF sum[MR][NV];
  startTile(sum, out, P);
  // Channels within taps: masks stay where they are while channels go by.
  for (int64_t t = 0; t < taps; t++) {
    const float *from = x + offsets[t], *factors = weight + t;
    const uint64_t mask = masks[t];
    for (int64_t channel = 0; channel < C; channel++, from += plane, factors += taps) {
      VecF row[NV];
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) row[j] = loadMasked(from, mask, j);
      if (t == 0 && next) {
#pragma GCC unroll 4
        for (int j = 0; j < NV; j++) __builtin_prefetch(next + channel * plane + j * L);
      }
#pragma GCC unroll 8
      for (int i = 0; i < MR; i++) {
        const VecF factor = splat(factors[i * R]);
#pragma GCC unroll 4
        for (int j = 0; j < NV; j++) sum[i][j] = fma(factor, row[j], sum[i][j]);
      }
    }
  }
  endTile(sum, bias, out, P);
}

/** Whether c is such a convolution, and has places for a tile. Setting masks for few channels takes longer than a copy that many
 *  output channels share. */
inline bool isInPlace(const Convolution<float>& c) {
  constexpr int64_t kFewChannels = 4, kManyOutputs = 16;
  const Window& w = c.w;
  if (c.depthwise || c.pointwise || w.places < kTilePlaces || (c.C < kFewChannels && c.K > kManyOutputs)) return false;
  // Where there is nothing to see, there may be any number of taps.
  if (c.C == 0 || w.plane == 0 || w.pad[1] > w.high[1]) return false;
  return w.high[0] == 1 && w.pad[0] == 0 && w.in[2] == w.out[2] && w.stride[1] == 1 && w.stride[2] == 1;
}

/** The whole tiles of each image, and the places that are left of it on a panel. */
inline void inPlaceConvolve(Launch& l, const Convolution<float>& c, const float* x, const float* weight, const float* bias, float* out) {
  constexpr int kMost = kTileRows[kTileVectors];
  const int64_t P = c.w.places, taps = c.w.taps, whole = P / kTilePlaces * kTilePlaces;
  Memory memory;
  parallel(c.N * c.G, grainOf(c.work(), c.N * c.G), [&](int64_t begin, int64_t end) {
    int64_t* const offsets = room<int64_t>(kOffsetSlot, times(2, taps));
    float* const columns = room<float>(kPanelSlot, Panel<float>::size(c));
    if (!offsets || !columns) return memory.lacking();
    uint64_t* const masks = reinterpret_cast<uint64_t*>(offsets + taps);
    for (int64_t t = 0; t < taps; t++)
      offsets[t] = (t / c.w.kernel[2] * c.w.dilation[1] - c.w.pad[1]) * c.w.in[2] + t % c.w.kernel[2] * c.w.dilation[2] - c.w.pad[2];
    Panel<float> panel(c, columns);
    for (int64_t i = begin; i < end; i++) {
      const float* const in = x + i * c.C * c.w.plane;
      const float* const W = weight + i % c.G * c.K * c.R;
      const float* const b = bias ? bias + i % c.G * c.K : nullptr;
      float* const to = out + i * c.K * P;
      for (int64_t p = 0; p < whole; p += kTilePlaces) {
        findEdges(c.w, p, kTilePlaces, masks);
        eachHeight<kMost>(c.K, [&](auto height, int64_t k) {
          inPlaceTile<decltype(height)::value>(c, W + k * c.R, in + p, offsets, masks, b ? b + k : nullptr, to + k * P + p,
                                               k == 0 ? in + c.C * c.w.plane + p : nullptr);
        });
      }
      panel.weight = W, panel.bias = b;
      for (int64_t p = whole; p < P;) {
        const int64_t n = lesser(P - p, panel.left());
        findEdges(c.w, p, n, masks);
        float* row = panel.add(to + p, n);
        for (int64_t channel = 0; channel < c.C; channel++)
          for (int64_t t = 0; t < taps; t++, row += Panel<float>::kLength)
            for (int64_t j = 0; j * kLanesF < n; j++)
              store(row + j * kLanesF, loadMasked(in + channel * c.w.plane + p + offsets[t], masks[t], static_cast<int>(j)));
        p += n;
        if (panel.left() == 0 && !panel.multiply()) return memory.lacking();
      }
      // Groups have weights of their own: no panel is shared between them.
      if ((c.G > 1 || i + 1 == end) && !panel.multiply()) return memory.lacking();
    }
  });
  memory.report(l);
}
#endif

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
