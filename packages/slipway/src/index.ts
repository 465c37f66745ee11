// What a config imports from 'slipway': the typed identity `defineConfig`, and types alone, so that loading a config loads nothing else (CONFIG 5).
import type { Config } from './config/schema.ts'

export type { Config }

/** Types the config; gives it back unchanged. */
export const defineConfig = (config: Config): Config => config
