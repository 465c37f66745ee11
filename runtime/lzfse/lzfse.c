// LZFSE as WebAssembly: Apple's reference library, packing and unpacking whole buffers (build.sh gives the headers that it asks for).
#include "lzfse_fse.c"
#include "lzvn_encode_base.c"
#include "lzvn_decode_base.c"
#include "lzfse_encode_base.c"
#include "lzfse_encode.c"
#include "lzfse_decode_base.c"
#include "lzfse_decode.c"

extern unsigned char __heap_base;
static size_t top;

// Nothing is given back: there is one state to pack, one to unpack, and one input and output.
static void *take(size_t sizeBytes) {
  if (top == 0) top = ((size_t)&__heap_base + 63) & ~(size_t)63;
  size_t start = top;
  top += (sizeBytes + 63) & ~(size_t)63;
  size_t have = __builtin_wasm_memory_size(0) << 16;
  if (top > have && __builtin_wasm_memory_grow(0, (top - have + 0xffff) >> 16) == (size_t)-1) __builtin_trap();
  return (void *)start;
}

__attribute__((export_name("room"))) void *room(size_t sizeBytes) { return take(sizeBytes); }

// Gives the length of the output, or 0 where `room` is too small.
__attribute__((export_name("pack"))) size_t pack(const uint8_t *in, size_t sizeBytes, uint8_t *out, size_t room) {
  static void *state;
  if (state == NULL) state = take(lzfse_encode_scratch_size());
  return lzfse_encode_buffer(out, room, in, sizeBytes, state);
}

// Gives the length of the output, at most `room`: that too where there is more; 0 where the input is no LZFSE.
__attribute__((export_name("unpack"))) size_t unpack(const uint8_t *in, size_t sizeBytes, uint8_t *out, size_t room) {
  static void *state;
  if (state == NULL) state = take(lzfse_decode_scratch_size());
  return lzfse_decode_buffer(out, room, in, sizeBytes, state);
}
