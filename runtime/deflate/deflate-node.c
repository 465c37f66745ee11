// Deflate as native code for Node (Node-API 1, C alone): the bytes of deflate.wasm, computed in Node's own thread pool.
// Nothing is linked: what it needs of Node and of libc, whichever that is, is found in the process that loads it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *malloc(size_t sizeBytes);
void free(void *pointer);
unsigned long getauxval(unsigned long type);

#include "deflate-piece.h"
#include "lib/crc32.c"
#ifdef __x86_64__
#include "lib/x86/cpu_features.c"
#endif

// ---- What the library wants of libc ----

void *libdeflate_aligned_malloc(size_t alignment, size_t sizeBytes) {
  u8 *whole = malloc(sizeof(void *) + alignment - 1 + sizeBytes);
  if (whole == NULL) return NULL;
  void **aligned = (void **)(((uintptr_t)whole + sizeof(void *) + alignment - 1) & ~(uintptr_t)(alignment - 1));
  aligned[-1] = whole;
  return aligned;
}

void libdeflate_aligned_free(void *aligned) {
  if (aligned != NULL) free(((void **)aligned)[-1]);
}

// ---- Pieces ----

enum outcome { WHOLE, NO_ROOM, NO_MEMORY };

struct piece {
  int level;
  const u8 *in;
  size_t before, sizeBytes;
  u8 *out;
  size_t room;
  size_t length;
  u32 crc32;
  enum outcome outcome;
};

// Compressors that nobody works with; each slot is taken and filled by exchange. More than these are given back to libc.
#define SLOTS 16
static struct libdeflate_compressor *idle[SLOTS];

static void lay_down(struct libdeflate_compressor *c) {
  for (int slot = 0; slot < SLOTS; slot++) {
    struct libdeflate_compressor *none = NULL;
    if (__atomic_compare_exchange_n(&idle[slot], &none, c, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
  }
  libdeflate_free_compressor(c);
}

static struct libdeflate_compressor *take_up(int level) {
  for (int slot = 0; slot < SLOTS; slot++) {
    struct libdeflate_compressor *c = __atomic_exchange_n(&idle[slot], NULL, __ATOMIC_ACQ_REL);
    if (c == NULL) continue;
    if (c->compression_level == (unsigned)level) return c;
    lay_down(c);
  }
  return libdeflate_alloc_compressor(level);
}

#ifdef __aarch64__
__attribute__((target("crc"))) static u32 crc32_by_instruction(u32 crc, const u8 *p, size_t sizeBytes) {
  for (; sizeBytes >= 8; sizeBytes -= 8, p += 8) crc = __builtin_arm_crc32d(crc, load_u64_unaligned(p));
  for (; sizeBytes > 0; sizeBytes--, p++) crc = __builtin_arm_crc32b(crc, *p);
  return crc;
}

static u32 crc32_of(const u8 *bytes, size_t sizeBytes) {
  // AT_HWCAP, HWCAP_CRC32
  if (getauxval(16) & (1 << 7)) return ~crc32_by_instruction(~(u32)0, bytes, sizeBytes);
  return libdeflate_crc32(0, bytes, sizeBytes);
}
#else
static u32 crc32_of(const u8 *bytes, size_t sizeBytes) { return libdeflate_crc32(0, bytes, sizeBytes); }
#endif

static void deflate(struct piece *piece) {
  // An empty array may lie nowhere.
  if (piece->sizeBytes == 0) return;
  struct libdeflate_compressor *c = take_up(piece->level);
  if (c == NULL) {
    piece->outcome = NO_MEMORY;
    return;
  }
  piece->length = deflate_piece(c, piece->in, piece->before, piece->sizeBytes, piece->out, piece->room);
  lay_down(c);
  if (piece->length == 0) piece->outcome = NO_ROOM;
  piece->crc32 = crc32_of(piece->in + piece->before, piece->sizeBytes);
}

// ---- Node-API, as far as it is used here (js_native_api.h, node_api.h) ----

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_ref__ *napi_ref;
typedef struct napi_deferred__ *napi_deferred;
typedef struct napi_async_work__ *napi_async_work;
typedef struct napi_callback_info__ *napi_callback_info;
typedef int napi_status;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
#define NAPI_AUTO_LENGTH SIZE_MAX
enum { napi_ok = 0, napi_uint8_array = 1 };

napi_status napi_get_cb_info(napi_env, napi_callback_info, size_t *count, napi_value *values, napi_value *self, void **data);
napi_status napi_get_value_double(napi_env, napi_value, double *);
napi_status napi_is_typedarray(napi_env, napi_value, bool *);
napi_status napi_get_typedarray_info(napi_env, napi_value, int *type, size_t *length, void **bytes, napi_value *buffer, size_t *offset);
napi_status napi_create_function(napi_env, const char *name, size_t length, napi_callback, void *data, napi_value *);
napi_status napi_set_named_property(napi_env, napi_value object, const char *name, napi_value);
napi_status napi_create_array_with_length(napi_env, size_t, napi_value *);
napi_status napi_set_element(napi_env, napi_value array, uint32_t index, napi_value);
napi_status napi_create_double(napi_env, double, napi_value *);
napi_status napi_create_string_utf8(napi_env, const char *, size_t length, napi_value *);
napi_status napi_create_error(napi_env, napi_value code, napi_value message, napi_value *);
napi_status napi_create_range_error(napi_env, napi_value code, napi_value message, napi_value *);
napi_status napi_throw(napi_env, napi_value);
napi_status napi_throw_error(napi_env, const char *code, const char *message);
napi_status napi_throw_type_error(napi_env, const char *code, const char *message);
napi_status napi_throw_range_error(napi_env, const char *code, const char *message);
napi_status napi_create_promise(napi_env, napi_deferred *, napi_value *promise);
napi_status napi_resolve_deferred(napi_env, napi_deferred, napi_value);
napi_status napi_reject_deferred(napi_env, napi_deferred, napi_value);
napi_status napi_create_reference(napi_env, napi_value, uint32_t count, napi_ref *);
napi_status napi_delete_reference(napi_env, napi_ref);
napi_status napi_create_async_work(napi_env, napi_value resource, napi_value name, void (*execute)(napi_env, void *),
                                   void (*complete)(napi_env, napi_status, void *), void *data, napi_async_work *);
napi_status napi_delete_async_work(napi_env, napi_async_work);
napi_status napi_queue_async_work(napi_env, napi_async_work);

static bool wrong_type(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return false;
}

static bool out_of_range(napi_env env, const char *message) {
  napi_throw_range_error(env, NULL, message);
  return false;
}

static bool bytes_of(napi_env env, napi_value value, u8 **bytes, size_t *length) {
  bool is_array = false;
  int type;
  void *start;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
  if (napi_get_typedarray_info(env, value, &type, length, &start, NULL, NULL) != napi_ok || type != napi_uint8_array) return false;
  *bytes = start;
  return true;
}

// (level, input, beforeBytes, output). False: an error was thrown.
static bool read_arguments(napi_env env, napi_callback_info call, struct piece *piece, napi_value values[4]) {
  size_t count = 4, length;
  double level, before;
  u8 *in;
  if (napi_get_cb_info(env, call, &count, values, NULL, NULL) != napi_ok || count < 4)
    return wrong_type(env, "deflate takes a level, an input, the bytes of it that come before, and an output");
  if (napi_get_value_double(env, values[0], &level) != napi_ok) return wrong_type(env, "the level must be a number");
  if (!(level >= 1 && level <= 9) || level != (int)level) return out_of_range(env, "the level must be 1 to 9");
  if (!bytes_of(env, values[1], &in, &length)) return wrong_type(env, "the input must be a Uint8Array");
  if (napi_get_value_double(env, values[2], &before) != napi_ok)
    return wrong_type(env, "the number of bytes before must be a number");
  if (!(before >= 0 && before <= 32768 && before <= (double)length) || before != (double)(size_t)before)
    return out_of_range(env, "the bytes before must be 0 to 32768, and in the input");
  if (!bytes_of(env, values[3], &piece->out, &piece->room)) return wrong_type(env, "the output must be a Uint8Array");
  if (length > 0 && piece->room > 0 && in < piece->out + piece->room && piece->out < in + length)
    return out_of_range(env, "the output must not lie in the input");
  piece->level = (int)level;
  piece->in = in;
  piece->before = (size_t)before;
  piece->sizeBytes = length - piece->before;
  return true;
}

// An array of the length and the CRC-32; NULL where there is no memory for it.
static napi_value answer_of(napi_env env, const struct piece *piece) {
  napi_value answer, length, crc32;
  if (napi_create_array_with_length(env, 2, &answer) != napi_ok || napi_create_double(env, (double)piece->length, &length) != napi_ok ||
      napi_create_double(env, (double)piece->crc32, &crc32) != napi_ok || napi_set_element(env, answer, 0, length) != napi_ok ||
      napi_set_element(env, answer, 1, crc32) != napi_ok)
    return NULL;
  return answer;
}

static napi_value failure_of(napi_env env, const struct piece *piece) {
  napi_value message, error = NULL;
  if (piece->outcome == NO_ROOM) {
    napi_create_string_utf8(env, "what was deflated does not fit into the output", NAPI_AUTO_LENGTH, &message);
    napi_create_range_error(env, NULL, message, &error);
  } else {
    napi_create_string_utf8(env, "no memory for a compressor", NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, NULL, message, &error);
  }
  return error;
}

static napi_value deflate_now(napi_env env, napi_callback_info call) {
  struct piece piece = {0};
  napi_value values[4];
  if (!read_arguments(env, call, &piece, values)) return NULL;
  deflate(&piece);
  if (piece.outcome == WHOLE) return answer_of(env, &piece);
  napi_throw(env, failure_of(env, &piece));
  return NULL;
}

// ---- In the thread pool ----

struct job {
  struct piece piece;
  napi_async_work work;
  napi_deferred deferred;
  // Both arrays stay where they are while it works.
  napi_ref input, output;
};

static void execute(napi_env env, void *data) {
  (void)env;
  deflate(&((struct job *)data)->piece);
}

static void drop(napi_env env, struct job *job) {
  if (job->input != NULL) napi_delete_reference(env, job->input);
  if (job->output != NULL) napi_delete_reference(env, job->output);
  if (job->work != NULL) napi_delete_async_work(env, job->work);
  free(job);
}

static void complete(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  // Otherwise the thread that asked is ending, and nobody waits.
  if (status == napi_ok) {
    napi_value answer = job->piece.outcome == WHOLE ? answer_of(env, &job->piece) : NULL;
    if (answer != NULL) napi_resolve_deferred(env, job->deferred, answer);
    else napi_reject_deferred(env, job->deferred, failure_of(env, &job->piece));
  }
  drop(env, job);
}

static napi_value deflate_later(napi_env env, napi_callback_info call) {
  struct piece piece = {0};
  napi_value values[4], promise, name;
  if (!read_arguments(env, call, &piece, values)) return NULL;
  struct job *job = malloc(sizeof(struct job));
  if (job == NULL) {
    napi_throw_error(env, NULL, "no memory for a job");
    return NULL;
  }
  *job = (struct job){.piece = piece};
  if (napi_create_reference(env, values[1], 1, &job->input) == napi_ok && napi_create_reference(env, values[3], 1, &job->output) == napi_ok &&
      napi_create_string_utf8(env, "slipway:deflate", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, NULL, name, execute, complete, job, &job->work) == napi_ok &&
      napi_create_promise(env, &job->deferred, &promise) == napi_ok && napi_queue_async_work(env, job->work) == napi_ok)
    return promise;
  drop(env, job);
  napi_throw_error(env, NULL, "the thread pool takes no job");
  return NULL;
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value later, now;
  if (napi_create_function(env, "deflate", NAPI_AUTO_LENGTH, deflate_later, NULL, &later) == napi_ok &&
      napi_create_function(env, "deflateNow", NAPI_AUTO_LENGTH, deflate_now, NULL, &now) == napi_ok) {
    napi_set_named_property(env, exports, "deflate", later);
    napi_set_named_property(env, exports, "deflateNow", now);
  }
  return exports;
}
