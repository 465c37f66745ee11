// Deflate as WebAssembly, for machines that no native code was built for.

#include <stddef.h>

void *take(size_t sizeBytes);
void *malloc(size_t sizeBytes) { return take(sizeBytes); }
void free(void *pointer) { (void)pointer; }

#include "deflate-piece.h"
#include "lib/utils.c"

extern unsigned char __heap_base;
static size_t top;

// Nothing is given back: there is one compressor a level, and one input and output.
void *take(size_t sizeBytes) {
  if (top == 0) top = ((size_t)&__heap_base + 63) & ~(size_t)63;
  size_t start = top;
  top += (sizeBytes + 63) & ~(size_t)63;
  size_t have = __builtin_wasm_memory_size(0) << 16;
  if (top > have && __builtin_wasm_memory_grow(0, (top - have + 0xffff) >> 16) == (size_t)-1) __builtin_trap();
  return (void *)start;
}

__attribute__((export_name("room"))) void *room(size_t sizeBytes) { return take(sizeBytes); }

static struct libdeflate_compressor *compressors[10];

// Level 1 to 9; the rest as in deflate-piece.h.
__attribute__((export_name("deflate"))) size_t deflate(int level, const u8 *in, size_t before, size_t sizeBytes, u8 *out, size_t room) {
  struct libdeflate_compressor *c = compressors[level];
  if (c == NULL) c = compressors[level] = libdeflate_alloc_compressor(level);
  return deflate_piece(c, in, before, sizeBytes, out, room);
}
