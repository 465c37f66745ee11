// The import rules of the five packages, as data for dependency-cruiser (DESIGN 2). Run by scripts/check/boundaries.ts.
'use strict'

const tests = '(\\.(test|fixture)\\.ts|/conformance\\.ts|/testing/.+\\.ts)$'
/** Files of a kind that are no unit: they stand between its list and the layers above. */
// What several packagers of one system share: they stand on it; it is no unit.
const shared = '(?:linux|windows|mac|tar|npm)/'
const kindFiles = '(?:index|reference|keyring|render)\\.ts'
const src = '^packages/slipway/src/'
const leaves = `${src}(unit|tree|words)\\.ts$`
const kinds = 'builders|packagers|signers|checks|stores|keys|feeds'
const contracts = `${src}(builders/builder|packagers/packager|signers/signer|checks/check|stores/store|keys/key|feeds/feed)\\.ts$`
const machine =
  '^(node:)?(fs|fs/promises|child_process|cluster|dgram|dns|dns/promises|http|http2|https|inspector|net|os|process|repl|sqlite|tls|tty|worker_threads)$'

const lzma = '(^|/)node_modules/@napi-rs/lzma/'

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })
/** Non-test files that match `path`, without those that match `pathNot`. */
const code = (path, ...pathNot) => ({ path, pathNot: [tests, ...pathNot] })

module.exports = {
  forbidden: [
    forbid('no-cycles', 'No file leads back to itself, type imports included.', {}, { circular: true }),
    forbid('no-unresolved', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    forbid('core-imports-nothing', 'core runs in browsers: no packages, no node:*.', code('^packages/core/'), {
      pathNot: '^packages/core/src/',
    }),
    forbid('formats-bytes-only', 'formats knows nothing of ours; of Node only node:crypto and node:zlib.', code('^packages/formats/'), {
      pathNot: ['^packages/formats/src/', '^(node:)?(crypto|zlib)$', lzma],
    }),
    forbid(
      'lzma-in-one-place',
      'One file knows the library of LZMA: bytes in, bytes out, as node:zlib would have it.',
      code('', '^packages/formats/src/xz/lzma\\.ts$'),
      {
        path: lzma,
      },
    ),
    forbid('sdk-core-and-formats', 'sdk imports core and formats, and its own dependencies through its adapters.', code('^packages/sdk/'), {
      path: '^packages/(?!sdk/|core/|formats/)',
    }),
    forbid('console-core-only', 'console imports core.', code('^packages/console/'), { path: '^packages/(?!console/|core/)' }),
    forbid('slipway-not-sdk', 'slipway imports core and formats, never sdk or console.', code('^packages/slipway/'), {
      path: '^packages/(sdk|console)/',
    }),
    forbid('packages-not-tree', 'Nothing under packages reaches into scripts, bench, test or examples.', code('^packages/'), {
      path: '^(scripts|bench|test|examples|templates)/',
    }),
    forbid(
      'machine-behind-io',
      'Only src/io and main.ts touch the machine; io is handed down as a value.',
      code('^packages/[^/]+/src/', `${src}io/`, `${src}main\\.ts$`),
      {
        path: machine,
      },
    ),
    forbid('io-handed-down', 'Only main.ts builds an Io; everybody else knows its type.', code(src, `${src}io/`, `${src}main\\.ts$`), {
      path: `${src}io/`,
      dependencyTypesNot: ['type-only'],
    }),
    forbid('io-is-low', 'io knows nothing of what is built upon it.', code(`${src}io/`), {
      path: '^packages/slipway/src/',
      pathNot: [`${src}io/`, leaves],
    }),
    forbid('pure-packagers', 'Packagers are pure: bytes in, bytes out.', code(`${src}packagers/`), { dependencyTypes: ['core'] }),
    forbid('pure-feeds', 'Feeds are pure: a view in, files out.', code(`${src}feeds/`), { dependencyTypes: ['core'] }),
    forbid('unit-is-a-leaf', 'unit.ts and tree.ts are leaves: what every unit of every kind is.', code(leaves), {
      path: src,
      pathNot: [leaves, `${src}io/io\\.ts$`],
    }),
    forbid('kinds-are-low', 'A kind imports unit, core and formats, never the layers above.', code(`${src}(${kinds})/`), {
      path: src,
      pathNot: [`${src}(${kinds}|io)/`, leaves],
    }),
    forbid('no-other-kind', "No unit imports another kind; it may know the types of another kind's contract.", code(`${src}(${kinds})/`), {
      path: `${src}(${kinds})/`,
      pathNot: [`${src}$1/`, contracts],
    }),
    forbid('contracts-as-types', "Of another kind's contract only the types.", code(`${src}(${kinds})/`), {
      path: contracts,
      pathNot: `${src}$1/`,
      dependencyTypesNot: ['type-only'],
    }),
    forbid(
      'no-sibling-unit',
      'No unit imports a sibling: only its contract, its own folder, and what several packagers of one system share.',
      code(`${src}(${kinds})/(?!${kindFiles}|${shared})([^/.]+)[/.]`),
      {
        path: `${src}(${kinds})/`,
        pathNot: [`${src}$1/$2[/.]`, `${src}$1/${shared}`, contracts],
      },
    ),
    forbid('nobody-imports-main', 'main.ts is the top.', {}, { path: `${src}main\\.ts$` }),
    forbid(
      'commands-on-top',
      'Only main.ts imports commands and reporters; what makes text safe and lays out tables is for all above the kinds.',
      code(src, `${src}main\\.ts$`, `${src}commands/`, `${src}reporters/`),
      { path: `${src}(commands|reporters)/`, pathNot: `${src}reporters/(safe|table)\\.ts$` },
    ),
    forbid('reporters-see-events', 'Reporters turn events into text: they import core and their own folder.', code(`${src}reporters/`), {
      path: src,
      pathNot: [`${src}(reporters|io)/`],
    }),
    forbid(
      'commands-print-nothing',
      'Commands return data; only their frame knows reporters.',
      code(`${src}commands/`, `${src}commands/frame`),
      {
        path: `${src}reporters/`,
        pathNot: `${src}reporters/(safe|table)\\.ts$`,
      },
    ),
    forbid('config-is-first', 'config knows the kinds, not what is done with it.', code(`${src}config/`), {
      path: `${src}(plan|run|server|verify)/`,
    }),
    forbid('plan-before-run', 'plan is pure: it knows config and the kinds.', code(`${src}plan/`), { path: `${src}(run|server|verify)/` }),
    forbid('plan-is-pure', 'plan touches no machine, not even node:*.', code(`${src}plan/`), {
      dependencyTypes: ['core'],
      pathNot: '^(node:)?path(/posix)?$',
    }),
    forbid('run-not-verify', 'run and verify share no code but core, formats, stores and feeds.', code(`${src}run/`), {
      path: `${src}(server|verify)/`,
    }),
    forbid(
      'verify-on-its-own',
      'verify proves what publish wrote: it shares only core, formats, stores and feeds with it.',
      code(`${src}verify/`),
      {
        path: src,
        pathNot: [`${src}(verify|stores|feeds|io)/`, leaves],
      },
    ),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json', '.d.ts'],
    },
  },
}
