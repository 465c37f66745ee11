// completeness: every artifact and every feed entry that the plan promised is there, for every target (rows A4, C17).
import { check } from './check.ts'
import type { CheckSubject, Finding } from './check.ts'

export const completeness = check({
  id: 'completeness',
  title: 'Every planned package and feed entry is there',
  options: {},
  subject: 'release',
  check: async subject => {
    const findings = [...missingFiles(subject), ...strangeFiles(subject), ...emptyFiles(subject), ...missingFeedFiles(subject)]
    const feeds = subject.planned.feeds.map(feed => `feed ${feed.id}: ${Object.values(feed.heads).flat().length} entries`)
    return { tested: [...subject.planned.artifacts.map(one => one.file), ...feeds], findings }
  },
})

const finding = (code: string, message: string, more: Pick<Finding, 'where' | 'why' | 'fix'>): Finding => ({
  code,
  severity: 'critical',
  message,
  ...more,
})

const missingFiles = ({ planned, artifacts }: CheckSubject): readonly Finding[] =>
  planned.artifacts
    .filter(one => !artifacts.some(artifact => artifact.file === one.file && artifact.target === one.target))
    .map(({ file, target }) =>
      finding('completeness/missing-file', `${file} was planned and is not there`, {
        where: { object: file, target },
        why: 'Users of this target would find nothing to install.',
        fix: `Run slipway package --target ${target}, and look at why it was not made.`,
      }),
    )

const strangeFiles = ({ planned, artifacts }: CheckSubject): readonly Finding[] =>
  artifacts
    .filter(artifact => !planned.artifacts.some(one => one.file === artifact.file))
    .map(({ file, target }) =>
      finding('completeness/unplanned-file', `${file} was not planned`, {
        where: { object: file, target },
        why: 'What is published must be what was planned.',
        fix: 'Run slipway plan, and release that plan.',
      }),
    )

const emptyFiles = ({ artifacts }: CheckSubject): readonly Finding[] =>
  artifacts
    .filter(artifact => artifact.sizeBytes === 0)
    .map(({ file, target }) =>
      finding('completeness/empty-file', `${file} has no bytes`, {
        where: { object: file, target },
        why: 'An empty package installs nothing.',
        fix: 'Look at what the build made for this target.',
      }),
    )

const missingFeedFiles = ({ planned, artifacts }: CheckSubject): readonly Finding[] =>
  planned.feeds.flatMap(feed =>
    Object.entries(feed.heads).flatMap(([head, files]) => {
      const lost = files.filter(file => !artifacts.some(artifact => artifact.file === file))
      const nothing = files.length === 0 ? ['any package'] : []
      return [...lost, ...nothing].map(file =>
        finding('completeness/missing-feed-entry', `${head} needs ${file}, which is not there`, {
          where: { object: head },
          why: 'A feed without an entry leaves that platform without updates, silently.',
          fix: 'Package the missing target, or narrow the feed in the config.',
        }),
      )
    }),
  )
