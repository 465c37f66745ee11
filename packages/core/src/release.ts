// The release: an immutable record of one version and its artifacts (TRUST 3). Its id is the sha256 of its RFC 8785 form.
import type { Artifact } from './artifact.ts'
import { digestOf, isJsonObject } from './canonical.ts'
import type { Json } from './canonical.ts'
import { isSha256 } from './digest.ts'
import type { Hex } from './digest.ts'
import { fail } from './error.ts'
import type { Where } from './error.ts'
import { isInstant, isOneLine } from './plain-text.ts'
import { safeFileName } from './places.ts'
import { anything, complaintOf, fields, list, oneOf, record, text, whole } from './shape.ts'
import type { Shape } from './shape.ts'
import { parseVersion } from './version.ts'

export interface PublicKeyRecord {
  /** `ed25519` or the client's own word. */
  readonly type: string
  readonly keyId: string
  /** As the client wants it: minisign = the two lines of the .pub file, root = hex of the key. */
  readonly public: string
}

export interface Release {
  readonly schema: 'slipway.release-record/1'
  readonly app: string
  readonly version: string
  /** `date` in seconds: never falls. */
  readonly build: number
  readonly profile: 'release' | 'dev' | 'adopted'
  /** ISO 8601, UTC, whole seconds: of the commit, never of the machine. */
  readonly date: string
  readonly from: { readonly commits: Readonly<Record<string, string>>; readonly config: Hex; readonly inputs: Hex }
  /** Absolute URL of the folder of its files, ending in a slash. */
  readonly at: string
  readonly notes: string
  /** Sorted by file. */
  readonly artifacts: readonly Artifact[]
  /** What an installed copy of it trusts: root, minisign, … */
  readonly accepts: Readonly<Record<string, PublicKeyRecord>>
  readonly feeds: readonly FeedUse[]
  readonly reissueOf?: string
}

/** A feed that this release is rendered to, with whole options. */
export interface FeedUse {
  readonly id: string
  readonly options: Readonly<Record<string, Json>>
}

/** The id of a release: SHA-256 of its RFC 8785 form. */
export const releaseId = (release: Release): Hex => digestOf(release as unknown as Json)

/**
 * Reads a release record strictly. Fields that a later version added are kept, so that the id stays the same; a higher major schema
 * is refused. Throws `release/newer-schema` (exit 2) and `release/bad-record` (exit 5).
 */
export const parseRelease = (json: Json, where: Where = {}): Release => {
  const schema = isJsonObject(json) ? json['schema'] : undefined
  const major = typeof schema === 'string' ? /^slipway\.release-record\/([1-9]\d{0,8})$/.exec(schema)?.[1] : undefined
  if (major !== undefined && major !== '1')
    return fail('release/newer-schema', `This release record has schema ${major}; this slipway reads schema 1.`, {
      hint: 'Upgrade slipway.',
      where,
    })
  const complaint = complaintOf(releaseShape, json) ?? disorderOf((json as unknown as Release).artifacts)
  return complaint === undefined
    ? (json as unknown as Release)
    : fail('release/bad-record', `This is no release record. ${complaint}.`, { hint: 'Run slipway verify.', where, exit: 'corrupt' })
}

// By UTF-16 code unit; a name twice would make two artifacts one object.
const disorderOf = (artifacts: readonly Artifact[]): string | undefined => {
  const index = artifacts.findIndex((one, at) => at > 0 && (artifacts[at - 1] as Artifact).file >= one.file)
  return index < 0 ? undefined : `$.artifacts.${index}.file: expected artifacts sorted by file, each once`
}

const hexOf = (what: string, digits: number): Shape =>
  text(`a ${what} digest`, value => value.length === digits && /^[0-9a-f]+$/.test(value))
const sha256Shape = text('a SHA-256 digest', isSha256)
const anyText = text('a text', () => true)
const line = text('one line of text', isOneLine)
const version = text('a SemVer version', value => parseVersion(value) !== undefined)

const artifactShape = fields({
  closed: false,
  required: {
    file: text('a file name without a folder', safeFileName),
    kind: line,
    // Not parseTarget: a later version may know more targets, and its releases must stay readable.
    target: text('a target', value => /^[a-z0-9-]+$/.test(value)),
    role: oneOf('install', 'update', 'both', 'metadata'),
    sizeBytes: whole(0, Number.MAX_SAFE_INTEGER),
    sha256: sha256Shape,
    sha512: hexOf('SHA-512', 128),
    sha1: hexOf('SHA-1', 40),
    md5: hexOf('MD5', 32),
    from: list(sha256Shape),
    signed: oneOf('no', 'ad-hoc', 'yes'),
    signatures: record(anyText),
    facts: record(anything),
    labels: list(line),
    features: list(line),
  },
})

const releaseShape = fields({
  closed: false,
  required: {
    schema: oneOf('slipway.release-record/1'),
    app: line,
    version,
    build: whole(0, Number.MAX_SAFE_INTEGER),
    profile: oneOf('release', 'dev', 'adopted'),
    date: text('an instant in UTC and whole seconds', value => isInstant(value) && value.length === 20),
    from: fields({ closed: false, required: { commits: record(line), config: sha256Shape, inputs: sha256Shape } }),
    at: text('an absolute URL that ends in a slash', value => isOneLine(value) && /^[a-z][a-z0-9+.-]*:\/\/[^\s?#]*\/$/.test(value)),
    notes: anyText,
    artifacts: list(artifactShape),
    accepts: record(fields({ closed: false, required: { type: line, keyId: anyText, public: anyText } })),
    feeds: list(fields({ closed: false, required: { id: line, options: record(anything) } })),
  },
  optional: { reissueOf: version },
})
