// The threads of threads.ts, whose code is loaded when there is work for them: to load it takes as long as most commands work.
import type { Threads } from './io.ts'

export const lateThreads = (cores: number): Threads => {
  let there: Threads | undefined
  let loading: Promise<Threads> | undefined
  const load = (): Promise<Threads> =>
    (loading ??= import('./threads.ts').then(({ lendNative, threads }) => {
      lendNative()
      return (there = threads(cores))
    }))
  return {
    // None is at hand before that.
    summing: algorithms => there?.summing(algorithms),
    warm: sizeBytes => void load().then(loaded => loaded.warm(sizeBytes)),
    deflate: async (bytes, level, before) => (await load()).deflate(bytes, level, before),
    lzfse: async bytes => (await load()).lzfse(bytes),
    deflateFile: async function* (path, options) {
      yield* (await load()).deflateFile(path, options)
    },
    digest: async (path, options) => (await load()).digest(path, options),
  }
}
