// The addon: what crosses from JavaScript is the parameter block (once), launches, programs (replay.cpp) and facts about the build.
// launch() uses raw Node-API calls: 35 ns a buffer against 100 ns through the wrapper classes.
#include "node.h"

#include "cpu.h"
#include "memory.h"
#include "pool.h"

namespace {

using namespace glorot::node;
using glorot::Buffer;
using glorot::ErrorKind;
using glorot::Launch;

const char* const kDTypeNames[] = {"float32", "float64", "int32", "bool"};

/** launch(id * 4 + dtype, buffer0, buffer1, …): runs one kernel on what the block says. Buffers are Uint8Arrays. */
napi_value launch(napi_env env, napi_callback_info info) {
  size_t argc = 1 + glorot::kMaxBuffers;
  napi_value argv[1 + glorot::kMaxBuffers];
  void* data;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  Instance* it = static_cast<Instance*>(data);
  const glorot::KernelTable* table = it->table;
  int32_t code = -1;
  if (argc < 1 || napi_get_value_int32(env, argv[0], &code) != napi_ok || code < 0 || code >= table->count * glorot::kDTypes)
    return raise(env, it, ErrorKind::kLaunch, "launch", "no such kernel");
  if (!it->block) return raise(env, it, ErrorKind::kLaunch, "launch", "the parameter block is not set");
  const glorot::Kernel& kernel = table->kernels[code / glorot::kDTypes];
  const int dtype = code % glorot::kDTypes;
  char text[256];
  if (!kernel.fn[dtype]) {
    std::snprintf(text, sizeof text, "does not support dtype %s", kDTypeNames[dtype]);
    return raise(env, it, ErrorKind::kLaunch, kernel.name, text);
  }
  if (argc > 1 + glorot::kMaxBuffers) return raise(env, it, ErrorKind::kLaunch, kernel.name, "too many buffers");

  const double* block = it->block;
  Buffer buffers[glorot::kMaxBuffers];
  const int n = static_cast<int>(argc) - 1;
  if (const char* why = readBuffers(env, argv + 1, n, block + kOffsets, buffers))
    return raise(env, it, ErrorKind::kLaunch, kernel.name, why);
  const double sizes = block[kSizesAt], floats = block[kFloatsAt];
  if (!(sizes >= 0 && sizes <= glorot::kMaxSizes && floats >= 0 && floats <= glorot::kMaxFloats))
    return raise(env, it, ErrorKind::kLaunch, kernel.name, "too many numbers");
  const int nSizes = static_cast<int>(sizes), nFloats = static_cast<int>(floats);

  Launch l{buffers, block + kNumbers, block + kNumbers + nSizes, n, nSizes, nFloats};
  kernel.fn[dtype](l);
  it->block[kWritten] = static_cast<double>(l.written & 0xffffffff);
  it->block[kWritten + 1] = static_cast<double>(l.written >> 32);
  return l.ok() ? nullptr : raise(env, it, kernel.name, l.error);
}

/** bind(block, makeError): the parameter block of this environment and how to build its errors. */
void bind(const Napi::CallbackInfo& info) {
  Instance* it = static_cast<Instance*>(info.Data());
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      info[0].As<Napi::Float64Array>().ElementLength() != kBlock || !info[1].IsFunction())
    throw Napi::TypeError::New(info.Env(), "bind expects the parameter block and an error function");
  if (it->block) throw Napi::Error::New(info.Env(), "bind was called before");
  it->pin = Napi::Persistent(info[0].As<Napi::Float64Array>());
  it->makeError = Napi::Persistent(info[1].As<Napi::Function>());
  it->block = info[0].As<Napi::Float64Array>().Data();
}

/** Takes in memory for tensors, before anyone writes to it: how many bytes past a multiple of 64 it starts. */
Napi::Value adopt(const Napi::CallbackInfo& info) {
  if (!info[0].IsArrayBuffer()) throw Napi::TypeError::New(info.Env(), "adopt expects an ArrayBuffer");
  auto memory = info[0].As<Napi::ArrayBuffer>();
  glorot::enlargePages(memory.Data(), memory.ByteLength());
  return Napi::Number::New(info.Env(), static_cast<double>(reinterpret_cast<uintptr_t>(memory.Data()) % 64));
}

Napi::Value getNumThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), glorot::numThreads()); }

void setNumThreads(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "setNumThreads expects a number");
  glorot::setNumThreads(info[0].As<Napi::Number>().Int32Value());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const char* reason;
  const glorot::KernelTable* table = glorot::kernelTable(&reason);
  if (!table) throw Napi::Error::New(env, std::string("glorot: ") + reason);

  glorot::keepMemory();
  auto* it = new Instance;
  it->table = table;
  env.AddCleanupHook([](Instance* i) { delete i; }, it);

  Napi::Array kernels = Napi::Array::New(env), isas = Napi::Array::New(env);
  for (int i = 0; i < table->count; i++) kernels[static_cast<uint32_t>(i)] = table->kernels[i].name;
  for (int i = 0; const glorot::KernelTable* t = glorot::availableTable(i); i++) isas[static_cast<uint32_t>(i)] = t->isa;
  exports["version"] = GLOROT_VERSION;
  exports["isa"] = table->isa;
  exports["isas"] = isas;
  exports["kernels"] = kernels;
  exports["limits"] = Napi::Object::New(env);
  Napi::Object limits = exports.Get("limits").As<Napi::Object>();
  limits["buffers"] = glorot::kMaxBuffers;
  limits["merged"] = glorot::kMaxMerged;
  limits["sizes"] = glorot::kMaxSizes;
  limits["floats"] = glorot::kMaxFloats;

  const auto raw = [&](const char* name, napi_callback callback) {
    napi_value fn;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, it, &fn);
    exports[name] = Napi::Value(env, fn);
  };
  raw("launch", launch);
  raw("record", glorot::node::record);
  raw("replay", glorot::node::replay);
  raw("replayAsync", glorot::node::replayAsync);
  exports["bind"] = Napi::Function::New(env, bind, "bind", it);
  exports["adopt"] = Napi::Function::New(env, adopt, "adopt", it);
  exports["getNumThreads"] = Napi::Function::New(env, getNumThreads, "getNumThreads", it);
  exports["setNumThreads"] = Napi::Function::New(env, setNumThreads, "setNumThreads", it);
  return exports;
}

}  // namespace

NODE_API_MODULE(glorot, init)
