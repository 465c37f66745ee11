// install.ps1: SHA-256 and the minisign signature of SHA256SUMS. .NET has neither Ed25519 (RFC 8032) nor BLAKE2b (RFC 7693): they are C# here.
import { script } from './text.ts'

/** C# 5, which Windows PowerShell 5.1 compiles; integers alone, so that it needs no library. */
const csharp = script`
public static class SlipwayEd25519 {
  // Field elements are sixteen limbs of 16 bits, modulo 2^255 - 19.
  static readonly long[] D = { 0x78a3, 0x1359, 0x4dca, 0x75eb, 0xd8ab, 0x4141, 0x0a4d, 0x0070, 0xe898, 0x7779, 0x4079, 0x8cc7, 0xfe73, 0x2b6f, 0x6cee, 0x5203 };
  static readonly long[] X = { 0xd51a, 0x8f25, 0x2d60, 0xc956, 0xa7b2, 0x9525, 0xc760, 0x692c, 0xdc5c, 0xfdd6, 0xe231, 0xc0a4, 0x53fe, 0xcd6e, 0x36d3, 0x2169 };
  static readonly long[] Y = { 0x6658, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666, 0x6666 };
  static readonly long[] Root = { 0xa0b0, 0x4a0e, 0x1b27, 0xc4ee, 0xe478, 0xad2f, 0x1806, 0x2f43, 0xd7a7, 0x3dfb, 0x0099, 0x2b4d, 0xdf0b, 0x4fc1, 0x2480, 0x2b83 };
  static readonly byte[] Order = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };

  static long[] Number(long n) { long[] r = new long[16]; r[0] = n; return r; }
  static void Carry(long[] o) {
    for (int i = 0; i < 16; i++) {
      long c = o[i] >> 16;
      o[i] -= c << 16;
      if (i < 15) o[i + 1] += c; else o[0] += 38 * c;
    }
  }
  static long[] Add(long[] a, long[] b) { long[] r = new long[16]; for (int i = 0; i < 16; i++) r[i] = a[i] + b[i]; return r; }
  static long[] Sub(long[] a, long[] b) { long[] r = new long[16]; for (int i = 0; i < 16; i++) r[i] = a[i] - b[i]; return r; }
  static long[] Mul(long[] a, long[] b) {
    long[] t = new long[31], r = new long[16];
    for (int i = 0; i < 16; i++) for (int j = 0; j < 16; j++) t[i + j] += a[i] * b[j];
    for (int i = 0; i < 15; i++) t[i] += 38 * t[i + 16];
    for (int i = 0; i < 16; i++) r[i] = t[i];
    Carry(r); Carry(r);
    return r;
  }
  static byte[] Pack(long[] n) {
    long[] t = (long[])n.Clone();
    Carry(t); Carry(t); Carry(t);
    for (int round = 0; round < 2; round++) {
      long[] m = new long[16];
      m[0] = t[0] - 0xffed;
      for (int i = 1; i < 15; i++) { m[i] = t[i] - 0xffff - ((m[i - 1] >> 16) & 1); m[i - 1] &= 0xffff; }
      m[15] = t[15] - 0x7fff - ((m[14] >> 16) & 1);
      m[14] &= 0xffff;
      if (((m[15] >> 16) & 1) == 0) t = m;
    }
    byte[] r = new byte[32];
    for (int i = 0; i < 16; i++) { r[2 * i] = (byte)(t[i] & 0xff); r[2 * i + 1] = (byte)((t[i] >> 8) & 0xff); }
    return r;
  }
  static bool Same(byte[] a, byte[] b) {
    if (a.Length != b.Length) return false;
    for (int i = 0; i < a.Length; i++) if (a[i] != b[i]) return false;
    return true;
  }
  static bool Equal(long[] a, long[] b) { return Same(Pack(a), Pack(b)); }
  static long[] Unpack(byte[] b) {
    long[] r = new long[16];
    for (int i = 0; i < 16; i++) r[i] = b[2 * i] + ((long)b[2 * i + 1] << 8);
    r[15] &= 0x7fff;
    return r;
  }
  static long[] Invert(long[] n) {
    long[] c = (long[])n.Clone();
    for (int i = 253; i >= 0; i--) { c = Mul(c, c); if (i != 2 && i != 4) c = Mul(c, n); }
    return c;
  }
  static long[] Power2523(long[] n) {
    long[] c = (long[])n.Clone();
    for (int i = 250; i >= 0; i--) { c = Mul(c, c); if (i != 1) c = Mul(c, n); }
    return c;
  }
  static long[][] AddPoints(long[][] p, long[][] q) {
    long[] a = Mul(Sub(p[1], p[0]), Sub(q[1], q[0])), b = Mul(Add(p[0], p[1]), Add(q[0], q[1]));
    long[] c = Mul(Mul(p[3], q[3]), Add(D, D)), d = Mul(p[2], q[2]);
    d = Add(d, d);
    long[] e = Sub(b, a), f = Sub(d, c), g = Add(d, c), h = Add(b, a);
    return new long[][] { Mul(e, f), Mul(h, g), Mul(g, f), Mul(e, h) };
  }
  static long[][] Scale(long[][] p, byte[] n) {
    long[][] r = new long[][] { Number(0), Number(1), Number(1), Number(0) };
    for (int i = 255; i >= 0; i--) {
      r = AddPoints(r, r);
      if (((n[i >> 3] >> (i & 7)) & 1) == 1) r = AddPoints(r, p);
    }
    return r;
  }
  // The point with its x turned over; null where there is none.
  static long[][] Negative(byte[] key) {
    long[] y = Unpack(key), one = Number(1);
    byte[] canonical = Pack(y);
    canonical[31] |= (byte)(key[31] & 0x80);
    if (!Same(canonical, key)) return null;
    long[] square = Mul(y, y), divisor = Add(Mul(square, D), one), dividend = Sub(square, one);
    long[] divisor2 = Mul(divisor, divisor), divisor4 = Mul(divisor2, divisor2), divisor6 = Mul(divisor4, divisor2);
    long[] x = Power2523(Mul(Mul(divisor6, dividend), divisor));
    x = Mul(Mul(Mul(Mul(x, dividend), divisor), divisor), divisor);
    if (!Equal(Mul(Mul(x, x), divisor), dividend)) x = Mul(x, Root);
    if (!Equal(Mul(Mul(x, x), divisor), dividend)) return null;
    if ((Pack(x)[0] & 1) == (key[31] >> 7)) x = Sub(Number(0), x);
    return new long[][] { x, y, one, Mul(x, y) };
  }
  static bool BelowOrder(byte[] s) {
    for (int i = 31; i >= 0; i--) { if (s[i] < Order[i]) return true; if (s[i] > Order[i]) return false; }
    return false;
  }
  static byte[] ReduceOrder(byte[] wide) {
    long[] x = new long[64];
    for (int i = 0; i < 64; i++) x[i] = wide[i];
    long carry;
    int j;
    for (int i = 63; i >= 32; i--) {
      carry = 0;
      for (j = i - 32; j < i - 12; j++) {
        x[j] += carry - 16 * x[i] * Order[j - (i - 32)];
        carry = (x[j] + 128) >> 8;
        x[j] -= carry << 8;
      }
      x[j] += carry;
      x[i] = 0;
    }
    carry = 0;
    for (j = 0; j < 32; j++) { x[j] += carry - (x[31] >> 4) * Order[j]; carry = x[j] >> 8; x[j] &= 255; }
    for (j = 0; j < 32; j++) x[j] -= carry * Order[j];
    byte[] r = new byte[32];
    for (int i = 0; i < 32; i++) { x[i + 1] += x[i] >> 8; r[i] = (byte)(x[i] & 255); }
    return r;
  }
  // hash: SHA-512 of R, key and message.
  public static bool Verify(byte[] key, byte[] hash, byte[] signature) {
    if (key.Length != 32 || hash.Length != 64 || signature.Length != 64) return false;
    byte[] r = new byte[32], s = new byte[32];
    System.Array.Copy(signature, 0, r, 0, 32);
    System.Array.Copy(signature, 32, s, 0, 32);
    long[][] negative = Negative(key);
    if (negative == null || !BelowOrder(s)) return false;
    long[][] p = AddPoints(Scale(negative, ReduceOrder(hash)), Scale(new long[][] { X, Y, Number(1), Mul(X, Y) }, s));
    long[] z = Invert(p[2]);
    byte[] packed = Pack(Mul(p[1], z));
    packed[31] ^= (byte)((Pack(Mul(p[0], z))[0] & 1) << 7);
    return Same(packed, r);
  }

  static readonly ulong[] Iv = { 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179 };
  static readonly string[] Sigma = { "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0" };
  static readonly string[] Mix = { "048c", "159d", "26ae", "37bf", "05af", "16bc", "278d", "349e" };
  static int Digit(char c) { return System.Convert.ToInt32(c.ToString(), 16); }
  static ulong Turn(ulong x, int n) { return (x >> n) | (x << (64 - n)); }
  public static byte[] Blake2b512(byte[] text) {
    unchecked {
      ulong[] h = (ulong[])Iv.Clone();
      h[0] ^= 0x01010040;
      int last = text.Length == 0 ? 0 : (text.Length - 1) / 128;
      for (int block = 0; block <= last; block++) {
        byte[] part = new byte[128];
        System.Array.Copy(text, block * 128, part, 0, System.Math.Min(128, text.Length - block * 128));
        ulong[] m = new ulong[16], v = new ulong[16];
        for (int i = 0; i < 128; i++) m[i / 8] |= (ulong)part[i] << (8 * (i % 8));
        for (int i = 0; i < 8; i++) { v[i] = h[i]; v[i + 8] = Iv[i]; }
        v[12] ^= (ulong)(block == last ? text.Length : (block + 1) * 128);
        if (block == last) v[14] = ~v[14];
        for (int round = 0; round < 12; round++)
          for (int i = 0; i < 8; i++) {
            int a = Digit(Mix[i][0]), b = Digit(Mix[i][1]), c = Digit(Mix[i][2]), d = Digit(Mix[i][3]);
            string order = Sigma[round % 10];
            v[a] += v[b] + m[Digit(order[2 * i])];
            v[d] = Turn(v[d] ^ v[a], 32);
            v[c] += v[d];
            v[b] = Turn(v[b] ^ v[c], 24);
            v[a] += v[b] + m[Digit(order[2 * i + 1])];
            v[d] = Turn(v[d] ^ v[a], 16);
            v[c] += v[d];
            v[b] = Turn(v[b] ^ v[c], 63);
          }
        for (int i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
      }
      byte[] r = new byte[64];
      for (int i = 0; i < 64; i++) r[i] = (byte)(h[i / 8] >> (8 * (i % 8)));
      return r;
    }
  }
}
`

export const powerVerify = script`
function Get-Sha256([string]$file) { return (Get-FileHash -LiteralPath $file -Algorithm SHA256).Hash.ToLowerInvariant() }

# SHA256SUMS of the release: file name to SHA-256, with its signature checked where that is possible.
function Get-Sums([string]$version) {
  $result = @{ Hashes = $null; CheckedBy = ''; Unable = '' }
  if ($publicKey -eq '') {
    $result.Unable = 'the publisher gives no key'
    if ($Options.RequireSignature) { Stop-Install 3 'there is no signature to check: this release names no key' 'Leave out -RequireSignature.' }
    if ($version -ceq $ownVersion) { return $result }
  }
  $file = Join-Path $work 'SHA256SUMS'
  Get-Remote ((Get-Place $version) + 'SHA256SUMS') $file
  if ($publicKey -ne '') {
    Get-Remote ((Get-Place $version) + 'SHA256SUMS.minisig') "$file.minisig"
    Test-Signature $version $file $result
    if ($result.CheckedBy -eq '' -and $Options.RequireSignature) {
      Stop-Install 3 "the signature cannot be checked: $($result.Unable)" 'Install minisign, or leave out -RequireSignature.'
    }
  }
  $result.Hashes = New-Object 'System.Collections.Generic.Dictionary[string,string]'
  foreach ($line in [IO.File]::ReadAllLines($file)) {
    if ($line -cmatch '\A([0-9a-f]{64}) [ *](.+)\z') { $result.Hashes[$Matches[2]] = $Matches[1] }
  }
  return $result
}

function Test-Signature([string]$version, [string]$file, $result) {
  $lines = @([IO.File]::ReadAllLines("$file.minisig"))
  $comment = ''
  if ($lines.Count -ge 4) { $comment = $lines[2] -creplace '\Atrusted comment: ', '' }
  $holds = $false
  if (Get-Command minisign -CommandType Application -ErrorAction SilentlyContinue) {
    $result.CheckedBy = 'minisign'
    # In 5.1 a line on standard error is a failure by itself.
    try { & minisign -V -q -P $publicKey -m $file -x "$file.minisig" 2>&1 | Out-Null; $holds = $LASTEXITCODE -eq 0 } catch { $holds = $false }
  } elseif (Initialize-Ed25519) {
    $result.CheckedBy = 'powershell'
    try { $holds = Test-Minisign ([IO.File]::ReadAllBytes($file)) $lines $comment } catch { $holds = $false }
  } else {
    $result.Unable = 'this system has no minisign, and this PowerShell may not compile what would check it'
    return
  }
  # What is vouched for beside the bytes: which file, of which version.
  $fields = $comment -split [char]9
  if (-not $holds -or $fields -cnotcontains 'file:SHA256SUMS' -or $fields -cnotcontains "version:$version") {
    Stop-Install 5 "the signature of release $version does not hold" 'Somebody changed the list of its files, or signed it with another key. Nothing was installed.'
  }
}

# minisign: four lines, Ed25519 over the file or over its BLAKE2b-512, then over that signature and the trusted comment.
function Test-Minisign([byte[]]$bytes, $lines, [string]$comment) {
  $key = [Convert]::FromBase64String($publicKey)
  $head = [Convert]::FromBase64String($lines[1])
  $global = [Convert]::FromBase64String($lines[3])
  if ($key.Length -ne 42 -or $head.Length -ne 74 -or $global.Length -ne 64) { return $false }
  if ([BitConverter]::ToString($key, 2, 8) -cne [BitConverter]::ToString($head, 2, 8)) { return $false }
  $algorithm = [BitConverter]::ToString($head, 0, 2)
  if ($algorithm -ceq '45-44') { $bytes = [SlipwayEd25519]::Blake2b512($bytes) }
  elseif ($algorithm -cne '45-64') { return $false }
  [byte[]]$raw = $key[10..41]
  [byte[]]$signature = $head[10..73]
  [byte[]]$vouched = $signature + [Text.Encoding]::UTF8.GetBytes($comment)
  return (Test-Ed25519 $raw $bytes $signature) -and (Test-Ed25519 $raw $vouched $global)
}

function Test-Ed25519([byte[]]$key, [byte[]]$message, [byte[]]$signature) {
  [byte[]]$all = $signature[0..31] + $key + $message
  return [SlipwayEd25519]::Verify($key, [Security.Cryptography.SHA512]::Create().ComputeHash($all), $signature)
}

# It must accept a signature that is known to hold (RFC 8032, 7.1, TEST 2), and refuse another.
function Initialize-Ed25519 {
  try {
    if (-not ('SlipwayEd25519' -as [type])) { Add-Type -TypeDefinition $csharp }
    $key = [Convert]::FromBase64String('PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=')
    $signature = [Convert]::FromBase64String('kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==')
    return (Test-Ed25519 $key @([byte]0x72) $signature) -and -not (Test-Ed25519 $key @([byte]0x73) $signature)
  } catch { return $false }
}

function Write-Unchecked([string]$url, [string]$unable) {
  $how = 'over TLS'
  if ($url.StartsWith('http:')) { $how = 'over a connection that is not encrypted' }
  Write-Warning "The signature was not checked: $unable. Only the SHA-256 was compared, and that came $how. Install minisign to have the signature checked."
}

$csharp = @'
${csharp}'@
`
