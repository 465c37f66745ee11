// What the npm main package runs: plain JavaScript that Node 12 understands, the same text for every app; platforms.json holds the rest.

/** `bin/launch.js`. */
export const launcher = String.raw`#!/usr/bin/env node
// Starts the program of this platform in its place: same arguments, terminal, environment and exit code; signals go both ways.
'use strict'
var constants = require('os').constants
var spawn = require('child_process').spawn
var isatty = require('tty').isatty
var library = require('../index.js')

var file = find()
if (file !== null) start(file)

function find() {
  try {
    return library.binaryPath()
  } catch (error) {
    if (error.code !== 'NO_PLATFORM_PACKAGE') throw error
    complain(error.message, 127)
    return null
  }
}

function complain(text, exitCode) {
  process.stderr.write(text + '\n')
  process.exitCode = exitCode
}

function start(file) {
  var child = null
  var isWindows = process.platform === 'win32'
  // What a terminal sends, it sends to the program as well.
  var hasTerminal = isatty(0) || isatty(1) || isatty(2)
  var signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK'].filter(function (signal) {
    return signal in constants.signals
  })
  // Before the program starts, or a signal could end the launcher and leave the program.
  signals.forEach(function (signal) {
    process.on(signal, function () {
      var isSent = hasTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')
      if (child !== null && !isWindows && !isSent) child.kill(signal)
    })
  })
  try {
    child = spawn(file, process.argv.slice(2), { stdio: 'inherit' })
  } catch (error) {
    complain(library.explain(file, error), 126)
    return
  }
  child.on('error', function (error) {
    complain(library.explain(file, error), 126)
  })
  child.on('exit', function (code, signal) {
    if (signal === null) process.exit(code)
    signals.forEach(function (one) {
      process.removeAllListeners(one)
    })
    process.kill(process.pid, signal)
    // A signal that does not end Node: the shell's number for it.
    setTimeout(function () {
      process.exit(128 + (constants.signals[signal] || 0))
    }, 200)
  })
}
`

/** `index.js`. */
export const library = String.raw`// Finds the program of this platform among the optional dependencies of this package.
'use strict'
var fs = require('fs')
var path = require('path')
var own = require('./package.json')
var platforms = require('./platforms.json').platforms

exports.binaryPath = binaryPath
exports.explain = explain

/** Path of the program. Throws an error with code NO_PLATFORM_PACKAGE that says how to get it. */
function binaryPath() {
  var system = { os: process.platform, cpu: process.arch, libc: process.platform === 'linux' ? libc() : '' }
  var fitting = fittingOf(system)
  var stale = ''
  for (var index = 0; index < fitting.length; index++) {
    var found = installed(fitting[index])
    if (found !== null && found.version === own.version) return found.file
    if (found !== null) stale = fitting[index].name + ' ' + found.version
  }
  throw failure(fitting.length === 0 ? unknown(system) : missing(system, fitting[0], stale))
}

/** What runs here, best first: this processor's own package, then one that the system can run as well. */
function fittingOf(system) {
  var here = platforms.filter(function (one) {
    return one.os === system.os && (one.libc === undefined || one.libc === system.libc)
  })
  var cpus = [system.cpu].concat(alsoRun(system))
  var fitting = []
  cpus.forEach(function (cpu) {
    here
      .filter(function (one) {
        return one.cpu.indexOf(cpu) !== -1 && fitting.indexOf(one) === -1
      })
      // A package for this C library comes before one for any.
      .sort(function (a, b) {
        return (a.libc === undefined ? 1 : 0) - (b.libc === undefined ? 1 : 0) || a.cpu.length - b.cpu.length
      })
      .forEach(function (one) {
        fitting.push(one)
      })
  })
  return fitting
}

/** Windows on ARM runs programs for x64. A Node for x64 that Rosetta translates runs on an arm64 processor. */
function alsoRun(system) {
  if (system.os === 'win32' && system.cpu === 'arm64') return ['x64']
  return system.os === 'darwin' && system.cpu === 'x64' && isTranslated() ? ['arm64'] : []
}

function isTranslated() {
  try {
    var said = require('child_process').execFileSync('/usr/sbin/sysctl', ['-n', 'sysctl.proc_translated'], { stdio: ['ignore', 'pipe', 'ignore'] })
    return String(said).trim() === '1'
  } catch (error) {
    return false
  }
}

/** Null where the package is not there, or has no program. */
function installed(platform) {
  try {
    var manifest = require.resolve(platform.name + '/package.json')
    var file = path.join(path.dirname(manifest), platform.file)
    return fs.existsSync(file) ? { version: require(manifest).version, file: file } : null
  } catch (error) {
    return null
  }
}

/** Of the Node that runs: what npm goes by, too. */
function libc() {
  var report = reportOf()
  if (report !== null && report.header !== undefined && report.header.glibcVersionRuntime) return 'glibc'
  var objects = (report !== null && report.sharedObjects) || []
  var hasMusl = objects.some(function (object) {
    return object.indexOf('ld-musl-') !== -1 || object.indexOf('libc.musl-') !== -1
  })
  return hasMusl || (report === null && hasMuslLoader()) ? 'musl' : 'glibc'
}

function reportOf() {
  if (!process.report || !process.report.getReport) return null
  var isExcluded = process.report.excludeNetwork
  try {
    // Names of addresses would be looked up in the network.
    process.report.excludeNetwork = true
    var report = process.report.getReport()
    return typeof report === 'string' ? JSON.parse(report) : report
  } catch (error) {
    return null
  } finally {
    process.report.excludeNetwork = isExcluded
  }
}

function hasMuslLoader() {
  try {
    return fs.readdirSync('/lib').some(function (name) {
      return name.indexOf('ld-musl-') === 0
    })
  } catch (error) {
    return false
  }
}

function failure(text) {
  var error = new Error(text)
  error.code = 'NO_PLATFORM_PACKAGE'
  return error
}

function words(one) {
  return one.os + ' ' + (Array.isArray(one.cpu) ? one.cpu.join(', ') : one.cpu) + (one.libc ? ' (' + one.libc + ')' : '')
}

function unknown(system) {
  var lines = platforms.map(function (one) {
    return '  ' + words(one) + ': ' + one.name
  })
  return [own.name + ' ' + own.version + ' has no package for ' + words(system) + '. It has packages for:'].concat(lines).join('\n')
}

function missing(system, wanted, stale) {
  var others = platforms
    .filter(function (one) {
      return installed(one) !== null
    })
    .map(function (one) {
      return one.name
    })
  var why =
    stale !== ''
      ? 'Installed is ' + stale + ', which is of another version.'
      : others.length > 0
        ? 'Installed is ' + others.join(', ') + ': node_modules was copied from another system, or installed for one.'
        : 'Optional dependencies were left out (--omit=optional, --no-optional), or a lock file of another system left this one out.'
  return [
    own.name + ' ' + own.version + ': the package ' + wanted.name + ', which holds the program for ' + words(system) + ', is not installed.',
    why,
    'Install again on this machine: npm install --include=optional',
    'If it still lacks then, remove node_modules and package-lock.json before (npm/cli issue 4828).',
  ].join('\n')
}

/** Why a program that is there did not start. */
function explain(file, error) {
  var reason =
    error.code === 'EACCES'
      ? 'it is not executable. Install again, or run: chmod 755 ' + JSON.stringify(file)
      : error.code === 'ENOENT' && fs.existsSync(file)
        ? 'its loader is not on this system: it was made for another C library.'
        : error.message
  return own.name + ' ' + own.version + ' cannot start ' + file + ': ' + reason
}
`

/** `index.d.ts`. */
export const types = `/** Path of the program of this platform. Throws an error with code 'NO_PLATFORM_PACKAGE' that says how to get it. */
export declare function binaryPath(): string
`
