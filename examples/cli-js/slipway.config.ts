import { defineConfig } from 'slipway'

/** One JavaScript file of a package from npm, with Node inside, for three systems from one machine; slipway.lock pins file and Node. */
export default defineConfig({
  app: {
    name: 'json',
    version: '11.0.0',
    license: 'MIT',
    homepage: 'https://github.com/trentm/json',
    summary: 'Massages and processes JSON on the command line',
    publisher: 'Trent Mick <trentm@gmail.com>',
  },
  targets: ['linux-x64', 'linux-arm64', 'windows-x64', 'macos-x64', 'macos-arm64'],
  build: { 'node-sea': 'npm:json@{version}/lib/json.js' },
  packages: {
    'tar.gz': { targets: ['linux-*', 'macos-*'] },
    zip: { targets: ['windows-*'] },
    npm: '@slipway-example/json',
  },
})
