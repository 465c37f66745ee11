import { defineConfig } from 'slipway'

/** What lies inside of the wheels: pip fetches them, slipway.lock pins them. A further system is one line in `from`. */
const [light, full] = ['pypi:flet-desktop-light/flet_desktop/app', 'pypi:flet-desktop/flet_desktop/app']
const from = {
  'linux-x64': `${light}/flet-linux-amd64.tar.gz`,
  'linux-arm64': `${light}/flet-linux-arm64.tar.gz`,
  'macos-universal': `${full}/flet-macos.tar.gz`,
  'windows-x64': `${full}/flet`,
}

export default defineConfig({
  app: {
    name: 'Flet',
    id: 'dev.flet.desktop',
    bin: 'flet',
    version: '0.28.3',
    license: 'Apache-2.0',
    homepage: 'https://flet.dev',
    summary: 'Runs Flet apps on the desktop',
    publisher: 'Flet <flet@example.org>',
    category: 'Development',
    icon: 'assets/icon.png',
  },
  build: { prebuilt: { from } },
  packages: {
    // Flutter's engine brings its own freetype, libjpeg and libpng; its plugins were built with a search path of the build machine.
    deb: { section: 'devel', overrides: ['custom-library-search-path', 'embedded-library', 'unstripped-binary-or-object'] },
    rpm: true,
    appimage: true,
    // The wheels hold the bundle of Flet's own authors; this one goes under app.id.
    app: { minimum: '12.0', plist: { CFBundleIdentifier: 'dev.flet.desktop' } },
    dmg: true,
    pkg: true,
    nsis: true,
    msi: true,
    msix: { publisher: 'CN=Flet, C=CA' },
  },
  channels: { canary: {}, stable: { rollout: ['20% 1d', '100%'] } },
})
