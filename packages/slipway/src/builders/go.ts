// go: cross-builds a Go program for a target, reproducibly, with the build's metadata put into its variables (go build, cmd/link).
import { fail, parseTarget, problem, spell, type Target } from '@slipway/core'
import * as z from 'zod'
import { builder, emptyTree, metadataOf, programTree, recordIdOf, runLogged, startLog, type BuildJob } from './builder.ts'

const variable = z.string().regex(/^[\p{L}\p{N}_.~/-]+\.[\p{L}_][\p{L}\p{N}_]*$/u, 'expected a variable such as main.version')

interface Options {
  readonly main?: string | undefined
  readonly flags?: readonly string[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly ldflags?: readonly string[] | undefined
  readonly cgo?: boolean | undefined
  readonly inject?: Readonly<Partial<Record<keyof ReturnType<typeof metadataOf>, string | undefined>>> | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/** Codes: `go/no-target`, `go/failed`, `go/wrong-binary`, `go/not-injected`. */
export const go = builder({
  id: 'go',
  title: 'a Go program, cross-built reproducibly',
  main: 'main',
  tools: ['go'],
  options: {
    main: z.string().optional().describe("Main package below the project, as './cmd/tool'; default: the project itself"),
    flags: z.array(z.string()).readonly().optional().describe('More arguments of go build'),
    tags: z
      .array(z.string().regex(/^[\p{L}\p{N}_.]+$/u, 'expected a build tag'))
      .readonly()
      .optional()
      .describe('Build tags; they are the features that `inject` knows'),
    ldflags: z.array(z.string()).readonly().optional().describe('More linker flags, behind -s -w -buildid and those of `inject`'),
    cgo: z.boolean().optional().describe('Links C code; default false. A C compiler for the target stands in env, as CC'),
    inject: z
      .strictObject({ version: variable, commit: variable, date: variable, features: variable })
      .partial()
      .optional()
      .describe(
        'String variables that get the version, commit, date of the commit, and tags; default: main.version, main.commit, main.date',
      ),
  },
  pure: false,
  check: ({ target }) => (goTarget(target) === null ? [noTarget(target)] : []),
  build: async (job, options) => {
    const place = await emptyTree(job)
    const log = await startLog(job)
    const cwd = options.cwd === undefined ? job.root : `${job.root}/${options.cwd}`
    const args = ['build', ...argumentsOf(job, options), '-o', place.file, packageOf(options.main ?? '.')]
    const { exitCode, said } = await runLogged(job, { tool: 'go', args, cwd, env: environmentOf(job, options) })
    const built = exitCode === 0 ? await programTree(job, place) : null
    if (built === null) return failBuild(job, { exitCode, said, log })
    if (built.foreign !== null)
      fail('go/wrong-binary', `go built ${built.foreign}, not one for ${job.target}`, {
        hint: 'build.go.main must name a package main, and build.go.env must not set GOOS, GOARCH or GOFLAGS for another system.',
        where: { path: 'build.go.main', target: job.target },
      })
    if (options.inject !== undefined) await checkInjected(job, place.file, options)
    return built.tree
  },
})

interface GoTarget {
  readonly os: string
  readonly arch: string
}

const goTarget = (target: Target): GoTarget | null => {
  const parts = parseTarget(target)
  if (parts === undefined || parts.os === 'any' || parts.arch === 'universal' || parts.arch === 'any') return null
  const [os = '', arch = ''] = spell(target, 'go').split('/')
  return { os, arch }
}

const noTarget = (target: Target) =>
  problem('go/no-target', `go builds no program for ${target}`, {
    hint: 'Name macos-x64 and macos-arm64 in targets instead; go builds one architecture at a time.',
    where: { path: 'build.go', target },
  })

/** A path that go does not take for a flag or for a package of its own library; `example.org/x/cmd/y` stays. */
const packageOf = (main: string): string => (/^(\.|\/|[^/-][^/]*\.[^/]*\/)/.test(main) ? main : `./${main}`)

const argumentsOf = (job: BuildJob, options: Options): readonly string[] => {
  const injected = [...injectedOf(job, options)].map(([name, value]) => `-X ${quoted(`${name}=${value}`)}`)
  const { tags = [], flags = [] } = options
  // Go's own build ID would be another in each folder; in its place stands what the linker else leaves no trace of.
  const id = `-buildid=${recordIdOf(metadataOf(job, tags))}`
  const ldflags = ['-s', '-w', id, ...injected, ...(options.ldflags ?? [])].join(' ')
  return ['-trimpath', '-buildvcs=false', '-ldflags', ldflags, ...(tags.length === 0 ? [] : ['-tags', tags.join(',')]), ...flags]
}

/** Variable -> value. The defaults are those that most projects have; the linker passes over a variable that is not there. */
const injectedOf = (job: BuildJob, { inject, tags }: Options): ReadonlyMap<string, string> => {
  const { version, commit, date, features } = inject ?? { version: 'main.version', commit: 'main.commit', date: 'main.date' }
  const values = metadataOf(job, tags)
  const found = new Map<string, string>()
  if (version !== undefined) found.set(version, values.version)
  if (commit !== undefined) found.set(commit, values.commit)
  if (date !== undefined) found.set(date, values.date)
  if (features !== undefined) found.set(features, values.features)
  return found
}

/** As the go command splits its flags: quotes of one kind around it, and no escapes inside. */
const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`)

/** What changes bytes is set here; of the user's own go there are its caches, its proxies and its PATH. GOENV is off: it may hold flags. */
const environmentOf = (job: BuildJob, { cgo = false, env }: Options): Readonly<Record<string, string>> => {
  const { os, arch } = goTarget(job.target) ?? { os: '', arch: '' }
  const own =
    /^(PATH|HOME|USERPROFILE|LOCALAPPDATA|XDG_CACHE_HOME|GO(CACHE|MODCACHE|PATH|ROOT|PROXY|SUMDB|NOSUMDB|NOPROXY|PRIVATE|INSECURE))$/
  return {
    ...job.io.secrets.matching(own),
    ...job.io.secrets.matching(/^((https?|no|all)_proxy|SSL_CERT_(FILE|DIR))$/i),
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-mod=readonly',
    GOOS: os,
    GOARCH: arch,
    GOARM: '7',
    GOAMD64: 'v1',
    GOARM64: 'v8.0',
    GO386: 'sse2',
    CGO_ENABLED: cgo ? '1' : '0',
    SOURCE_DATE_EPOCH: String(job.date),
    ...env,
  }
}

const failBuild = (job: BuildJob, { exitCode, said, log }: { exitCode: number; said: string; log: string }): never =>
  fail('go/failed', `go build for ${job.target} ${exitCode === 0 ? 'left no program' : `ended with exit code ${exitCode}`}:\n${said}`, {
    hint: `The whole output is in ${log}. Modules are read only: run \`go mod tidy\` and commit go.mod and go.sum where they are not complete.`,
    where: { path: 'build.go.main', file: log, target: job.target },
    facts: { exitCode, log },
    exit: 'machine',
  })

/** The linker passes over a misspelt variable without a word, so the values are looked for in what it wrote. */
const checkInjected = async (job: BuildJob, file: string, options: Options): Promise<void> => {
  const missing = new Map([...injectedOf(job, options)].filter(([, value]) => value !== ''))
  const overlap = Math.max(0, ...[...missing.values()].map(value => value.length))
  let before = ''
  for await (const chunk of job.io.files.stream(file)) {
    const text = before + new TextDecoder('latin1').decode(chunk)
    for (const [name, value] of missing) if (text.includes(value)) missing.delete(name)
    before = text.slice(text.length - overlap)
  }
  if (missing.size === 0) return
  fail('go/not-injected', `the program for ${job.target} has not what was to be in ${[...missing.keys()].join(', ')}`, {
    hint: 'Correct build.go.inject: a string variable that the program uses, with the import path of its package, as main.version.',
    where: { path: 'build.go.inject', target: job.target },
  })
}
