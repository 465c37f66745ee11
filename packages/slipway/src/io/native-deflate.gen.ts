// Written by runtime/embed.ts: the digests (SHA-256) of the native programs of runtime/deflate, by platform and architecture.

export const nativeDigests: Readonly<Record<string, string>> = {
  'linux-x64': '1e692f91415675d1837556bf958aa313e43f6becb33eb5dc219d0190b9891991',
  'linux-arm64': 'ab3710726435064e2767667e9c6c25d18077a4457b1706b5f2de68441b7befb5',
}
