// Links of a bundle that lead nowhere, as copying without links leaves them in frameworks.
import { problem, type Problem, type Target } from '@slipway/core'
import type { SizedEntry } from '../packager.ts'

/** Each that is broken itself; not those that lead through it. Code: `app/broken-link`. */
export const linkProblems = (entries: readonly SizedEntry[], target: Target): readonly Problem[] => {
  const paths = new Set(entries.flatMap(one => one.path.split('/').map((_, at, steps) => steps.slice(0, at + 1).join('/'))))
  const links = new Map(entries.flatMap(one => (one.type === 'link' && one.linkTarget !== undefined ? [[one.path, one.linkTarget]] : [])))
  const broken = new Map<string, readonly string[]>()
  for (const path of links.keys()) {
    const { isThere, through } = followed(path, { paths, links })
    if (!isThere) broken.set(path, through)
  }
  const roots = [...broken].filter(([path, through]) => !through.some(one => one !== path && broken.has(one))).map(([path]) => path)
  // Links that lead to one another have no root.
  const named = [...broken].filter(([path, through]) => roots.includes(path) || !through.some(one => roots.includes(one)))
  return named.map(([path]) =>
    problem('app/broken-link', `${JSON.stringify(path)} leads to ${JSON.stringify(links.get(path))}, which is not there`, {
      hint: 'Copy the bundle with its links (ditto, tar), not through a tool that drops them.',
      where: { target, file: path },
    }),
  )
}

interface Folder {
  readonly paths: ReadonlySet<string>
  readonly links: ReadonlyMap<string, string>
}
interface Followed {
  readonly isThere: boolean
  /** Links on the way. */
  readonly through: readonly string[]
}
const limitTurns = 400

const followed = (path: string, { paths, links }: Folder): Followed => {
  const through: string[] = []
  let steps = path.split('/').slice(0, -1)
  let left = links.get(path)?.split('/') ?? []
  for (let turns = 0; left.length > 0; turns++) {
    if (turns === limitTurns) return { isThere: false, through }
    const [step = '', ...rest] = left
    left = rest
    if (step === '..') steps = steps.slice(0, -1)
    else if (step !== '.' && step !== '') {
      const here = [...steps, step].join('/')
      const link = links.get(here)
      if (link !== undefined) {
        left = [...link.split('/'), ...left]
        through.push(here)
      } else if (!paths.has(here)) return { isThere: false, through }
      else steps = here.split('/')
    }
  }
  return { isThere: true, through }
}
