// install.sh: Ed25519 (RFC 8032) for Perl and Python 3, and BLAKE2b-512 (RFC 7693) for Perl: macOS comes with nothing else that can verify.
import { script } from './text.ts'

export const shPure = script`
# shellcheck disable=SC2016 # Perl's variables
perl_blake2b='
use strict;
my @s = map { [split / /] } "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "14 10 4 8 9 15 13 6 1 12 0 2 11 7 5 3",
  "11 8 12 0 5 2 15 13 10 14 3 6 7 1 9 4", "7 9 3 1 13 12 11 14 2 6 5 10 4 0 15 8", "9 0 5 7 2 4 10 15 14 1 11 12 6 8 3 13",
  "2 12 6 10 0 11 8 3 4 13 7 5 15 14 1 9", "12 5 1 15 14 13 4 10 0 7 6 3 9 2 8 11", "13 11 7 14 12 1 3 9 5 0 15 4 8 6 2 10",
  "6 15 14 9 11 3 0 8 12 2 13 7 1 4 10 5", "10 2 8 4 7 6 1 5 15 11 9 14 3 12 13 0";
my @g = map { [split / /] } "0 4 8 12", "1 5 9 13", "2 6 10 14", "3 7 11 15", "0 5 10 15", "1 6 11 12", "2 7 8 13", "3 4 9 14";
my @iv = unpack "Q>8", pack "H*", "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1"
  . "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179";
sub plus { use integer; my $sum = 0; $sum += $_ for @_; $sum }
sub turn { my ($x, $n) = @_; ($x >> $n) | ($x << (64 - $n)) }
binmode STDIN;
binmode STDOUT;
my $text = do { local $/; <STDIN> };
$text = "" unless defined $text;
my $size = length $text;
my @h = @iv;
$h[0] ^= 0x01010040;
my $last = $size ? int(($size - 1) / 128) : 0;
for my $block (0 .. $last) {
  my @m = unpack "Q<16", pack "a128", substr $text, $block * 128, 128;
  my @v = (@h, @iv);
  $v[12] ^= $block == $last ? $size : ($block + 1) * 128;
  $v[14] ^= ~0 if $block == $last;
  for my $round (0 .. 11) {
    for my $i (0 .. 7) {
      my ($a, $b, $c, $d) = @{$g[$i]};
      my ($x, $y) = @m[@{$s[$round % 10]}[2 * $i, 2 * $i + 1]];
      $v[$a] = plus($v[$a], $v[$b], $x);
      $v[$d] = turn($v[$d] ^ $v[$a], 32);
      $v[$c] = plus($v[$c], $v[$d]);
      $v[$b] = turn($v[$b] ^ $v[$c], 24);
      $v[$a] = plus($v[$a], $v[$b], $y);
      $v[$d] = turn($v[$d] ^ $v[$a], 16);
      $v[$c] = plus($v[$c], $v[$d]);
      $v[$b] = turn($v[$b] ^ $v[$c], 63);
    }
  }
  $h[$_] ^= $v[$_] ^ $v[$_ + 8] for 0 .. 7;
}
print pack "Q<8", @h;
'
# shellcheck disable=SC2016 # Perl's variables
perl_ed25519='
use strict;
use Digest::SHA "sha512";
use Math::BigInt;
sub number { Math::BigInt->new("0x" . unpack "H*", scalar reverse $_[0]) }
my $p = Math::BigInt->new(2)->bpow(255)->bsub(19);
my $order = Math::BigInt->new(2)->bpow(252)->badd("27742317777372353535851937790883648493");
my $d = (Math::BigInt->new(-121665) * Math::BigInt->new(121666)->bmodinv($p)) % $p;
sub add {
  my ($P, $Q) = @_;
  my $A = ($P->[1] - $P->[0]) * ($Q->[1] - $Q->[0]) % $p;
  my $B = ($P->[1] + $P->[0]) * ($Q->[1] + $Q->[0]) % $p;
  my $C = $P->[3] * $Q->[3] % $p * $d * 2 % $p;
  my $D = $P->[2] * $Q->[2] * 2 % $p;
  my ($E, $F, $G, $H) = ($B - $A, $D - $C, $D + $C, $B + $A);
  [$E * $F % $p, $G * $H % $p, $F * $G % $p, $E * $H % $p];
}
sub sum {
  my ($m, $P, $n, $Q) = @_;
  my $R = [map { Math::BigInt->new($_) } 0, 1, 1, 0];
  my ($x, $y) = map { substr "0" x 256 . substr($_->as_bin, 2), -256 } $m, $n;
  for my $i (0 .. 255) {
    $R = add($R, $R);
    $R = add($R, $P) if substr $x, $i, 1;
    $R = add($R, $Q) if substr $y, $i, 1;
  }
  $R;
}
sub point {
  my $sign = ord(substr $_[0], 31, 1) >> 7;
  my $y = number($_[0] & ("\xff" x 31 . "\x7f"));
  exit 1 if $y >= $p;
  my $square = ($y * $y - 1) * ($d * $y * $y + 1)->bmodinv($p) % $p;
  my $x = $square->copy->bmodpow(($p + 3) / 8, $p);
  $x = $x * Math::BigInt->new(2)->bmodpow(($p - 1) / 4, $p) % $p if ($x * $x - $square) % $p != 0;
  exit 1 if ($x * $x - $square) % $p != 0 || ($x == 0 && $sign);
  $x = $p - $x if $x % 2 != $sign;
  [$x, $y, Math::BigInt->new(1), $x * $y % $p];
}
my ($key, $message, $signature) = map { open my $file, "<:raw", $_ or exit 2; local $/; my $all = <$file>; defined $all ? $all : "" } @ARGV;
exit 1 if length $key != 32 || length $signature != 64;
my $s = number(substr $signature, 32);
exit 1 if $s >= $order;
my $h = number(sha512(substr($signature, 0, 32) . $key . $message)) % $order;
my $base = point("\x58" . "\x66" x 31);
my $A = point($key);
my $R = sum($s, $base, $order - $h, $A);
my $z = $R->[2]->copy->bmodinv($p);
my ($x, $y) = ($R->[0] * $z % $p, $R->[1] * $z % $p);
my $hex = substr $y->as_hex, 2;
my $bytes = reverse pack "H*", "0" x (64 - length $hex) . $hex;
substr($bytes, 31, 1) |= "\x80" if $x % 2 == 1;
exit($bytes eq substr($signature, 0, 32) ? 0 : 1);
'
python_ed25519='
import hashlib, sys
p = 2**255 - 19
order = 2**252 + 27742317777372353535851937790883648493
d = -121665 * pow(121666, p - 2, p) % p
def add(P, Q):
    A, B = (P[1] - P[0]) * (Q[1] - Q[0]) % p, (P[1] + P[0]) * (Q[1] + Q[0]) % p
    C, D = 2 * P[3] * Q[3] * d % p, 2 * P[2] * Q[2] % p
    E, F, G, H = B - A, D - C, D + C, B + A
    return E * F % p, G * H % p, F * G % p, E * H % p
def times(n, P):
    Q = 0, 1, 1, 0
    while n:
        if n & 1:
            Q = add(Q, P)
        P, n = add(P, P), n >> 1
    return Q
def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(d * y * y + 1, p - 2, p) % p
    x = pow(square, (p + 3) // 8, p)
    if (x * x - square) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    if y >= p or (x * x - square) % p or (x == 0 and sign):
        sys.exit(1)
    x = p - x if x & 1 != sign else x
    return x, y, 1, x * y % p
key, message, signature = [open(name, "rb").read() for name in sys.argv[1:]]
s = int.from_bytes(signature[32:], "little")
if len(key) != 32 or len(signature) != 64 or s >= order:
    sys.exit(1)
h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % order
R = add(times(s, point(b"\x58" + b"\x66" * 31)), times(order - h, point(key)))
z = pow(R[2], p - 2, p)
x, y = R[0] * z % p, R[1] * z % p
sys.exit((y | (x & 1) << 255).to_bytes(32, "little") != signature[:32])
'
`
