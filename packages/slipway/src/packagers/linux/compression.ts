// The compressions that Linux packages have in common, with their levels.
export type Compression = 'gzip' | 'xz' | 'zstd'

interface Chosen {
  readonly compression: Compression
  readonly level?: number | undefined
}

const defaultLevels: Readonly<Record<Compression, number>> = { gzip: 6, xz: 6, zstd: 10 }

export const levelOf = ({ compression, level }: Chosen): number => level ?? defaultLevels[compression]

export const hasLevel = ({ compression, level }: Chosen): boolean =>
  level === undefined || (compression === 'zstd' ? level >= 1 : level <= 9)

export const levelHint = 'gzip and xz have 0 to 9, zstd 1 to 19.'

export const levelText = 'gzip: 0 (stored) to 9, default 6; xz: 0 to 9, default 6; zstd: 1 to 19, default 10'
