// What the files that know Node share: an environment's state, its errors, and the reading of typed arrays.
#pragma once
#include <napi.h>

#include <cstdio>

#include "launch.h"

namespace glorot {
namespace node {

// The block (src/core/dispatch.ts writes it, same order): counts, byte offset of each buffer, then sizes, then floats.
// After a launch, the first two say which buffers it wrote to: bits of the lower and the upper half.
constexpr int kSizesAt = 0, kFloatsAt = 1, kWritten = 0, kOffsets = 2, kNumbers = kOffsets + kMaxBuffers;
constexpr int kBlock = kNumbers + kMaxSizes + kMaxFloats;

/** What one Node environment (main thread or worker) holds. */
struct Instance {
  const KernelTable* table;
  double* block = nullptr;
  Napi::Reference<Napi::Float64Array> pin;
  Napi::FunctionReference makeError;
};

/** `at`: the place of the launch in a program. */
inline napi_value raise(napi_env env, Instance* it, ErrorKind kind, const char* kernel, const char* text, int at = -1) {
  napi_value args[4], error, undefined;
  napi_create_int32(env, static_cast<int32_t>(kind), &args[0]);
  napi_create_string_utf8(env, kernel, NAPI_AUTO_LENGTH, &args[1]);
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &args[2]);
  napi_create_int32(env, at, &args[3]);
  napi_get_undefined(env, &undefined);
  napi_value make = it->makeError.Value();
  if (napi_call_function(env, undefined, make, 4, args, &error) == napi_ok) napi_throw(env, error);
  return nullptr;
}

inline napi_value raise(napi_env env, Instance* it, const char* kernel, const LaunchError& e, int at = -1) {
  char text[256];
  std::snprintf(text, sizeof text, e.text, e.a, e.b);
  return raise(env, it, e.kind, kernel, text, at);
}

/** The memory of Uint8Arrays from their byte offsets on; what is wrong with one, or null. */
inline const char* readBuffers(napi_env env, const napi_value* arrays, int n, const double* offsets, Buffer* to) {
  for (int i = 0; i < n; i++) {
    napi_typedarray_type type;
    size_t length;
    void* memory;
    const double offset = offsets[i];
    if (napi_get_typedarray_info(env, arrays[i], &type, &length, &memory, nullptr, nullptr) != napi_ok || type != napi_uint8_array)
      return "a buffer is not a Uint8Array";
    if (!(offset >= 0 && offset <= static_cast<double>(length)) || offset != static_cast<double>(static_cast<size_t>(offset)))
      return "a buffer is detached, shrunk or starts past its end";
    to[i] = {static_cast<unsigned char*>(memory) + static_cast<size_t>(offset), length - static_cast<size_t>(offset)};
  }
  return nullptr;
}

napi_value record(napi_env env, napi_callback_info info);
napi_value replay(napi_env env, napi_callback_info info);
napi_value replayAsync(napi_env env, napi_callback_info info);

}  // namespace node
}  // namespace glorot
