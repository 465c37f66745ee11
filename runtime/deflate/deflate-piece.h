// libdeflate's compressor of whole buffers, with two things that it lacks (build.sh puts them in): no block is the last one, and matches may
// reach into bytes that come before the input. One for both programs, so that both write the same.

#include "lib/deflate_compress.c"

// `in` holds `before` bytes that are only looked back at, then `sizeBytes`, one at least. The output ends on a byte (RFC 1951 3.2.4: an empty
// stored block), and no block of it is the last. Gives its length, or 0 where `room` is too small.
static size_t deflate_piece(struct libdeflate_compressor *c, const u8 *in, size_t before, size_t sizeBytes, u8 *out, size_t room) {
  if (room < OUTPUT_END_PADDING + 16) return 0;
  struct deflate_output_bitstream os = {0, 0, out, out + room - OUTPUT_END_PADDING - 16};
  c->preset_nbytes = before;
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
