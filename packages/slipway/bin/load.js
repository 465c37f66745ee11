// Loads the program; apart from slipway.js because `import()` is a syntax error in the oldest Node that must still say what it lacks.
'use strict'
var url = require('url')

module.exports = function load(entry) {
  import(url.pathToFileURL(entry).href).catch(function (error) {
    process.stderr.write('slipway: ' + (error && error.stack ? error.stack : error) + '\n')
    process.exitCode = 70
  })
}
