// Programs across the seam: recorded from JavaScript's list, replayed here or on another thread.
#include <cstring>
#include <new>
#include <vector>

#include "node.h"
#include "program.h"

namespace glorot {
namespace node {
namespace {

const napi_type_tag kProgramTag = {0x676c6f726f747072, 0x6f6772616d000001};

napi_value raise(napi_env env, Instance* it, const Program::Failure& f) {
  return raise(env, it, f.kernel, f.error, static_cast<int>(f.at));
}

/** The Uint8Arrays of an array, from their starts; false where it holds anything else. */
bool readArray(napi_env env, napi_value array, std::vector<Buffer>& to) {
  bool isArray = false;
  uint32_t n;
  if (napi_is_array(env, array, &isArray) != napi_ok || !isArray || napi_get_array_length(env, array, &n) != napi_ok) return false;
  const double start = 0;
  to.resize(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value element;
    if (napi_get_element(env, array, i, &element) != napi_ok || readBuffers(env, &element, 1, &start, &to[i])) return false;
  }
  return true;
}

/** The program behind a handle, its buffers being where they were; else null, an error thrown. */
Program* held(napi_env env, Instance* it, napi_value handle, napi_value buffers) {
  bool ours = false;
  void* program = nullptr;
  napi_valuetype type;
  if (!it->block || napi_typeof(env, handle, &type) != napi_ok || type != napi_object || napi_check_object_type_tag(env, handle, &kProgramTag, &ours) != napi_ok || !ours ||
      napi_unwrap(env, handle, &program) != napi_ok) {
    raise(env, it, ErrorKind::kLaunch, "replay", "no such program");
    return nullptr;
  }
  Program* p = static_cast<Program*>(program);
  if (p->busy) {
    raise(env, it, ErrorKind::kLaunch, "replay", "the program is running on another thread");
    return nullptr;
  }
  uint32_t n = 0;
  bool same = false;
  same = napi_is_array(env, buffers, &same) == napi_ok && same && napi_get_array_length(env, buffers, &n) == napi_ok &&
         n == p->bufferCount();
  const double start = 0;
  for (uint32_t i = 0; same && i < n; i++) {
    napi_value element;
    Buffer now;
    same = napi_get_element(env, buffers, i, &element) == napi_ok && !readBuffers(env, &element, 1, &start, &now) && p->holds(i, now);
  }
  if (same) return p;
  raise(env, it, ErrorKind::kLaunch, "replay", "a buffer of the program was detached, resized or is another one");
  return nullptr;
}

/** Inputs copied in or, where the caller waits for the run, borrowed if they may be; else false and an error thrown. */
bool feed(napi_env env, Instance* it, Program& p, const Buffer* from, size_t n, bool waits) {
  for (size_t i = 0; i < n; i++) {
    const bool in = i < p.inputs().size();
    const Buffer& own = in ? p.inputs()[i] : p.outputs()[i - p.inputs().size()];
    if (from[i].bytes < own.bytes) {
      raise(env, it, ErrorKind::kLaunch, "replay", "an input or output is too short or detached");
      return false;
    }
  }
  for (size_t i = 0; i < p.inputs().size(); i++)
    if (p.inputs()[i].bytes > 0 && !(waits && p.borrow(i, from[i]))) std::memmove(p.inputs()[i].data, from[i].data, p.inputs()[i].bytes);
  return true;
}

/** A run under way on another thread. */
struct Job {
  Instance* it;
  Program* program;
  napi_ref handle = nullptr, buffers = nullptr;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  bool ok = true;
  Program::Failure failure;
};

void release(napi_env env, Job* job) {
  if (job->handle) napi_delete_reference(env, job->handle);
  if (job->buffers) napi_delete_reference(env, job->buffers);
  if (job->work) napi_delete_async_work(env, job->work);
  delete job;
}

}  // namespace

/** record(numbers, buffers): a program of launches, see program.h. */
napi_value record(napi_env env, napi_callback_info info) {
  size_t argc = 2, count;
  napi_value argv[2], handle;
  void *data, *numbers;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  Instance* it = static_cast<Instance*>(data);
  if (!it->block) return raise(env, it, ErrorKind::kLaunch, "record", "the parameter block is not set");
  napi_typedarray_type type;
  if (argc < 2 || napi_get_typedarray_info(env, argv[0], &type, &count, &numbers, nullptr, nullptr) != napi_ok ||
      type != napi_float64_array)
    return raise(env, it, ErrorKind::kLaunch, "record", "the numbers are not a Float64Array");
  const char* why = "out of memory";
  Program* program = nullptr;
  try {
    std::vector<Buffer> memory;
    if (!readArray(env, argv[1], memory)) return raise(env, it, ErrorKind::kLaunch, "record", "the buffers are not Uint8Arrays");
    program = Program::parse(*it->table, static_cast<const double*>(numbers), count, memory.data(), memory.size(), &why);
  } catch (const std::bad_alloc&) {
  }
  if (!program) return raise(env, it, ErrorKind::kLaunch, "record", why);
  const auto drop = [](napi_env, void* p, void*) { delete static_cast<Program*>(p); };
  napi_create_object(env, &handle);
  if (napi_wrap(env, handle, program, drop, nullptr, nullptr) != napi_ok) {
    delete program;
    return nullptr;
  }
  napi_type_tag_object(env, handle, &kProgramTag);
  return handle;
}

/** replay(program, buffers, input0 …, output0 …): runs a program, its inputs copied in before or borrowed, its outputs out after. The byte
 *  offsets of inputs and outputs are in the block. */
napi_value replay(napi_env env, napi_callback_info info) {
  constexpr size_t most = 2 + 2 * kMaxBuffers;
  size_t argc = most;
  napi_value argv[most];
  void* data;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  Instance* it = static_cast<Instance*>(data);
  if (argc < 2) return raise(env, it, ErrorKind::kLaunch, "replay", "no such program");
  Program* p = held(env, it, argv[0], argv[1]);
  if (!p) return nullptr;
  const size_t ends = p->inputs().size() + p->outputs().size();
  if (argc - 2 != ends || ends > kMaxBuffers)
    return raise(env, it, ErrorKind::kLaunch, "replay", "not as many inputs and outputs as the program has");
  Buffer given[kMaxBuffers];
  if (const char* why = readBuffers(env, argv + 2, static_cast<int>(ends), it->block + kOffsets, given))
    return raise(env, it, ErrorKind::kLaunch, "replay", why);
  if (!feed(env, it, *p, given, ends, true)) return nullptr;
  Program::Failure failure;
  const bool ok = p->run(&failure);
  p->giveBack();
  if (!ok) return raise(env, it, failure);
  for (size_t i = 0; i < p->outputs().size(); i++) {
    const Buffer& from = p->outputs()[i];
    if (from.bytes > 0) std::memcpy(given[p->inputs().size() + i].data, from.data, from.bytes);
  }
  return nullptr;
}

/** replayAsync(program, buffers, input0 …): copies the inputs, runs the program on another thread; a promise of its end. Until then
 *  nobody else may run it or write to its buffers. */
napi_value replayAsync(napi_env env, napi_callback_info info) {
  constexpr size_t most = 2 + kMaxBuffers;
  size_t argc = most;
  napi_value argv[most], promise, name;
  void* data;
  napi_get_cb_info(env, info, &argc, argv, nullptr, &data);
  Instance* it = static_cast<Instance*>(data);
  if (argc < 2) return raise(env, it, ErrorKind::kLaunch, "replay", "no such program");
  Program* p = held(env, it, argv[0], argv[1]);
  if (!p) return nullptr;
  const size_t n = p->inputs().size();
  if (argc - 2 != n) return raise(env, it, ErrorKind::kLaunch, "replay", "not as many inputs as the program has");
  Buffer given[kMaxBuffers];
  if (const char* why = readBuffers(env, argv + 2, static_cast<int>(n), it->block + kOffsets, given))
    return raise(env, it, ErrorKind::kLaunch, "replay", why);
  if (!feed(env, it, *p, given, n, false)) return nullptr;

  Job* job = new (std::nothrow) Job;
  if (!job) return raise(env, it, ErrorKind::kLaunch, "replay", "out of memory");
  job->it = it;
  job->program = p;
  const auto run = [](napi_env, void* j) {
    Job* job = static_cast<Job*>(j);
    job->ok = job->program->run(&job->failure);
  };
  const auto done = [](napi_env env, napi_status status, void* j) {
    Job* job = static_cast<Job*>(j);
    if (status == napi_ok) job->program->busy = false;
    napi_value result;
    napi_get_undefined(env, &result);
    if (status == napi_ok && job->ok) napi_resolve_deferred(env, job->deferred, result);
    else {
      if (!job->ok) raise(env, job->it, job->failure);
      napi_get_and_clear_last_exception(env, &result);
      napi_reject_deferred(env, job->deferred, result);
    }
    release(env, job);
  };
  // The job itself holds program and buffers: whoever started it may forget them. Any of these calls fails in a worker that is
  // being terminated, which can happen at any moment, and leaves its result unset.
  const bool begun = napi_create_reference(env, argv[0], 1, &job->handle) == napi_ok &&
                     napi_create_reference(env, argv[1], 1, &job->buffers) == napi_ok &&
                     napi_create_string_utf8(env, "glorot.replay", NAPI_AUTO_LENGTH, &name) == napi_ok &&
                     napi_create_async_work(env, nullptr, name, run, done, job, &job->work) == napi_ok &&
                     napi_create_promise(env, &job->deferred, &promise) == napi_ok &&
                     napi_queue_async_work(env, job->work) == napi_ok;
  if (begun) {
    p->busy = true;
    return promise;
  }
  release(env, job);
  return nullptr;
}

}  // namespace node
}  // namespace glorot
