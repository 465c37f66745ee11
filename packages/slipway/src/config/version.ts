// The one version of an app, and every other place that states one (row: one version source; CONFIG 3, "Found").
import { compareVersions, parseVersion, problem, SlipwayError, type Problem, type Where } from '@slipway/core'
import type { Io } from '../io/io.ts'
import { versionIn, type Surroundings } from './found.ts'
import { isTodo } from './text.ts'

export interface VersionSearch {
  /** `app.version` of the config, where it stands. */
  readonly stated: string | undefined
  readonly statedFrom: string
  readonly statedWhere: Where
  /** Pattern of tags, with {version}. */
  readonly tag: string
  /** Tags and manifests of this folder speak of this app. */
  readonly tagsCount: boolean
  readonly manifestsCount: boolean
}
export interface VersionFound {
  /** '' while it is a question. */
  readonly version: string
  readonly from: string
  readonly questions: readonly Problem[]
}

interface Place {
  readonly from: string
  readonly version: string
  readonly where: Where
}

/** Codes (as questions): `version/none`, `version/not-semver`, `version/disagree`. */
export const findVersion = async (io: Io, around: Surroundings, search: VersionSearch): Promise<VersionFound> => {
  const stated = await statedPlace(io, around.root, search)
  const tagged = search.tagsCount ? taggedPlaces(around.head?.tags ?? [], search.tag) : []
  const manifests = search.manifestsCount ? around.manifests.flatMap(one => manifestPlace(one.file, one.version)) : []
  const [chosen] = [...(stated === undefined ? [] : [stated]), ...tagged, ...manifests]
  if (isTodo(search.stated)) return { version: '', from: search.statedFrom, questions: [] }
  if (chosen === undefined) return { version: '', from: 'nowhere', questions: [noVersion(search)] }
  if (parseVersion(chosen.version) === undefined) return { version: '', from: chosen.from, questions: [notSemver(chosen)] }
  // A candidate and the final version may be tagged on one commit: the tags agree when one of them does.
  const tags = tagged.some(place => place.version === chosen.version) ? [] : tagged.slice(0, 1)
  const others = [...tags, ...manifests].filter(place => place.from !== chosen.from && place.version !== chosen.version)
  return { version: chosen.version, from: chosen.from, questions: others.map(place => disagreement(chosen, place)) }
}

const statedPlace = async (io: Io, root: string, { stated, statedFrom, statedWhere }: VersionSearch): Promise<Place | undefined> => {
  if (stated === undefined || isTodo(stated)) return undefined
  if (parseVersion(stated) !== undefined) return { from: statedFrom, version: stated, where: statedWhere }
  const inside = await versionIn(io, root, stated)
  return inside === null
    ? { from: statedFrom, version: stated, where: statedWhere }
    : { from: stated, version: inside, where: { file: stated } }
}

/** The highest first. */
const taggedPlaces = (tags: readonly string[], pattern: string): readonly Place[] => {
  const [before = '', after = ''] = pattern.split('{version}')
  return tags
    .flatMap(tag => {
      if (!tag.startsWith(before) || !tag.endsWith(after) || tag.length < before.length + after.length) return []
      const version = tag.slice(before.length, tag.length - after.length)
      return parseVersion(version) === undefined ? [] : [{ from: `tag ${tag} on HEAD`, version, where: {} }]
    })
    .toSorted((a, b) => compareVersions(b.version, a.version))
}

const manifestPlace = (file: string, version: string | undefined): readonly Place[] =>
  version === undefined ? [] : [{ from: file, version, where: { file } }]

const noVersion = ({ tag, statedWhere }: VersionSearch): Problem =>
  problem('version/none', 'No version was found: not in the config, no tag on HEAD, no manifest', {
    hint: `Tag HEAD as ${tag.replace('{version}', '1.0.0')}, or write app.version: '1.0.0' or a file that holds it.`,
    where: { ...statedWhere, path: statedWhere.path ?? 'app.version' },
  })

/** The code is that of core's reader. */
const notSemver = ({ from, version, where }: Place): Problem =>
  problem(faultOf(version).code, `${JSON.stringify(version.slice(0, 60))} in ${from} is no SemVer 2 version`, {
    hint: 'Write MAJOR.MINOR.PATCH, such as 1.2.0 or 1.2.0-beta.1, without a leading v.',
    where,
  })

const faultOf = (version: string): { readonly code: string } => {
  try {
    return { code: String(compareVersions(version, version)) }
  } catch (error) {
    if (error instanceof SlipwayError && error.problems[0] !== undefined) return error.problems[0]
    throw error
  }
}

const disagreement = (chosen: Place, other: Place): Problem =>
  problem(
    'version/disagree',
    `${chosen.from} says ${chosen.version}, but ${other.from} says ${JSON.stringify(other.version.slice(0, 60))}`,
    {
      hint: 'One release has one version: correct one of the two places, or tag another commit.',
      where: other.where,
      facts: {
        places: [
          { from: chosen.from, version: chosen.version },
          { from: other.from, version: other.version },
        ],
      },
    },
  )
