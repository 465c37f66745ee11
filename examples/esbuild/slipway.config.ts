import { defineConfig } from 'slipway'

export default defineConfig({
  app: {
    name: 'esbuild',
    version: '0.28.2',
    license: 'MIT',
    homepage: 'https://esbuild.github.io',
    summary: 'An extremely fast bundler for the web',
    publisher: 'The esbuild authors <esbuild@example.org>',
  },
  targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64'],
  build: { prebuilt: 'npm:@esbuild/{npm}' },
  packages: ['tar.gz', 'zip', 'deb'],
  feeds: { tauri: { targets: ['linux-*'] }, electron: { targets: ['linux-*'] } },
})
