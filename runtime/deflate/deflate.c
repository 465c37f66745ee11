// Deflate as WebAssembly: libdeflate's compressor of whole buffers, with two things that it lacks (build.sh puts them in):
// no block is the last one, and matches may reach into bytes that come before the input.
#include <stddef.h>

// What the library reads of its own: bytes in front of the input that are known to the reader already.
static size_t preset_nbytes;

void *take(size_t sizeBytes);
void *malloc(size_t sizeBytes) { return take(sizeBytes); }
void free(void *pointer) { (void)pointer; }

#include "lib/deflate_compress.c"
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

// Level 1 to 9. `in` holds `before` bytes that are only looked back at, then `sizeBytes`, one at least. The output ends on a byte (RFC 1951
// 3.2.4: an empty stored block), and no block of it is the last. Gives its length, or 0 where `room` is too small.
__attribute__((export_name("deflate"))) size_t deflate(int level, const u8 *in, size_t before, size_t sizeBytes, u8 *out, size_t room) {
  struct libdeflate_compressor *c = compressors[level];
  if (c == NULL) c = compressors[level] = libdeflate_alloc_compressor(level);
  struct deflate_output_bitstream os = {0, 0, out, out + room - OUTPUT_END_PADDING - 16};
  preset_nbytes = before;
  (*c->impl)(c, in, before + sizeBytes, &os);
  if (os.next >= os.end) return 0;
  os.bitcount += 3;
  for (int left = (int)os.bitcount; left > 0; left -= 8) {
    *os.next++ = (u8)os.bitbuf;
    os.bitbuf >>= 8;
  }
  *os.next++ = 0x00;
  *os.next++ = 0x00;
  *os.next++ = 0xff;
  *os.next++ = 0xff;
  return (size_t)(os.next - out);
}
