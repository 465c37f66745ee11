// The foreign judges: programs that we did not write and that judge the bytes we write (DESIGN 6, CONTRACTS 14).

export type Source =
  | { readonly apt: string }
  | { readonly pypi: string; readonly version: string }
  | { readonly go: string; readonly version: string }
  | { readonly cargo: string; readonly version: string }
  /** A program of ours around crates that are not: a folder beside this file. */
  | { readonly crate: string; readonly version: string }
  | { readonly npm: string }
  /** Installed from npm, but not into the project. */
  | { readonly npx: string; readonly version: string }

export interface Judge {
  /** What tests ask for. */
  readonly name: string
  /** The program; for `npm` without a program of its own, absent. */
  readonly command?: string
  readonly versionArgs: readonly string[]
  readonly source: Source
  /** What it judges. */
  readonly for: string
}

export const judges: readonly Judge[] = [
  { name: 'minisign', command: 'minisign', versionArgs: ['-v'], source: { apt: 'minisign' }, for: 'minisign signatures and keys' },
  { name: 'dpkg-deb', command: 'dpkg-deb', versionArgs: ['--version'], source: { apt: 'dpkg' }, for: 'deb archives' },
  { name: 'dpkg', command: 'dpkg', versionArgs: ['--version'], source: { apt: 'dpkg' }, for: 'installing a deb into a root of its own' },
  {
    name: 'dpkg-scanpackages',
    command: 'dpkg-scanpackages',
    versionArgs: ['--version'],
    source: { apt: 'dpkg-dev' },
    for: 'apt package lists',
  },
  {
    name: 'lintian',
    command: 'lintian',
    versionArgs: ['--version'],
    source: { apt: 'lintian' },
    for: "deb packages against Debian's policy",
  },
  {
    name: 'fakeroot',
    command: 'fakeroot',
    versionArgs: ['--version'],
    source: { apt: 'fakeroot' },
    for: 'owners in archives, without being root',
  },
  {
    name: 'desktop-file-validate',
    command: 'desktop-file-validate',
    versionArgs: ['--version'],
    source: { apt: 'desktop-file-utils' },
    for: 'desktop entries',
  },
  { name: 'appstreamcli', command: 'appstreamcli', versionArgs: ['--version'], source: { apt: 'appstream' }, for: 'AppStream metadata' },
  {
    name: 'shellcheck',
    command: 'shellcheck',
    versionArgs: ['--version'],
    source: { apt: 'shellcheck' },
    for: 'shell scripts that users run',
  },
  { name: 'mandoc', command: 'mandoc', versionArgs: ['-T', 'lint', '/dev/null'], source: { apt: 'mandoc' }, for: 'man pages' },
  {
    name: 'update-mime-database',
    command: 'update-mime-database',
    versionArgs: ['-v'],
    source: { apt: 'shared-mime-info' },
    for: 'MIME types of a package',
  },
  { name: 'unzip', command: 'unzip', versionArgs: ['-v'], source: { apt: 'unzip' }, for: 'zip archives' },
  { name: 'zip', command: 'zip', versionArgs: ['-v'], source: { apt: 'zip' }, for: 'zip archives, and a peer for speed and size' },
  { name: '7z', command: '7z', versionArgs: ['i'], source: { apt: 'p7zip-full' }, for: 'zip, tar and many more' },
  { name: 'tar', command: 'tar', versionArgs: ['--version'], source: { apt: 'tar' }, for: 'tar archives' },
  {
    name: 'bsdtar',
    command: 'bsdtar',
    versionArgs: ['--version'],
    source: { apt: 'libarchive-tools' },
    for: 'tar, zip and cpio, a second opinion',
  },
  {
    name: 'rpm',
    command: 'rpm',
    versionArgs: ['--version'],
    source: { apt: 'rpm' },
    for: 'rpm packages, and installing into a root of its own',
  },
  { name: 'rpmbuild', command: 'rpmbuild', versionArgs: ['--version'], source: { apt: 'rpm' }, for: 'rpm headers to compare with ours' },
  { name: 'rpmsign', command: 'rpmsign', versionArgs: ['--version'], source: { apt: 'rpm' }, for: 'signatures put into rpm packages' },
  {
    name: 'rpmlint',
    command: 'rpmlint',
    versionArgs: ['--version'],
    source: { apt: 'rpmlint' },
    for: "rpm packages against Fedora's policy",
  },
  { name: 'dnf', command: 'dnf', versionArgs: ['--version'], source: { apt: 'dnf' }, for: 'installing rpm packages with what they need' },
  { name: 'cpio', command: 'cpio', versionArgs: ['--version'], source: { apt: 'cpio' }, for: 'cpio archives' },
  {
    name: 'pacman',
    command: 'pacman',
    versionArgs: ['--version'],
    source: { apt: 'pacman-package-manager' },
    for: 'Arch packages: installing, upgrading and removing in a root of its own',
  },
  {
    name: 'vercmp',
    command: 'vercmp',
    versionArgs: ['--help'],
    source: { apt: 'pacman-package-manager' },
    for: "Arch's order of versions",
  },
  { name: 'zstd', command: 'zstd', versionArgs: ['--version'], source: { apt: 'zstd' }, for: 'zstd frames' },
  { name: 'mksquashfs', command: 'mksquashfs', versionArgs: ['-version'], source: { apt: 'squashfs-tools' }, for: 'squashfs that we read' },
  { name: 'zsync', command: 'zsync', versionArgs: ['-V'], source: { apt: 'zsync' }, for: 'zsync control files' },
  {
    name: 'flatpak-builder',
    command: 'flatpak-builder',
    versionArgs: ['--version'],
    source: { apt: 'flatpak-builder' },
    for: 'Flatpak manifests',
  },
  {
    name: 'unsquashfs',
    command: 'unsquashfs',
    versionArgs: ['-version'],
    source: { apt: 'squashfs-tools' },
    for: 'squashfs that we write',
  },
  { name: 'zsyncmake', command: 'zsyncmake', versionArgs: ['-V'], source: { apt: 'zsync' }, for: 'zsync files' },
  { name: 'readelf', command: 'readelf', versionArgs: ['--version'], source: { apt: 'binutils' }, for: 'ELF headers' },
  { name: 'llvm-objdump', command: 'llvm-objdump', versionArgs: ['--version'], source: { apt: 'llvm' }, for: 'Mach-O signatures' },
  {
    name: 'busybox',
    command: 'busybox',
    versionArgs: ['true'],
    source: { apt: 'busybox' },
    for: 'install scripts on the smallest systems',
  },
  {
    name: 'signify',
    command: 'signify-openbsd',
    versionArgs: [],
    source: { apt: 'signify-openbsd' },
    for: 'signatures that install scripts check',
  },
  {
    name: 'tree-sitter-powershell',
    command: 'python',
    versionArgs: ['-c', 'import importlib.metadata as m; print(m.version("tree-sitter-powershell"))'],
    source: { pypi: 'tree-sitter-powershell[core]', version: '0.26.4' },
    for: 'the grammar of PowerShell scripts',
  },
  { name: 'mcs', command: 'mcs', versionArgs: ['--version'], source: { apt: 'mono-mcs' }, for: 'C# that PowerShell scripts compile' },
  { name: 'mono', command: 'mono', versionArgs: ['--version'], source: { apt: 'mono-runtime' }, for: 'running that C#' },
  { name: 'zsh', command: 'zsh', versionArgs: ['--version'], source: { apt: 'zsh' }, for: 'completions for zsh' },
  { name: 'fish', command: 'fish', versionArgs: ['--version'], source: { apt: 'fish' }, for: 'completions for fish' },
  { name: 'xz', command: 'xz', versionArgs: ['--version'], source: { apt: 'xz-utils' }, for: 'xz streams' },
  { name: 'lzop', command: 'lzop', versionArgs: ['--version'], source: { apt: 'lzop' }, for: 'LZO blocks that we read' },
  {
    name: 'osslsigncode',
    command: 'osslsigncode',
    versionArgs: ['--version'],
    source: { apt: 'osslsigncode' },
    for: 'Authenticode signatures',
  },
  { name: 'gpg', command: 'gpg', versionArgs: ['--version'], source: { apt: 'gpg' }, for: 'OpenPGP signatures' },
  { name: 'jq', command: 'jq', versionArgs: ['--version'], source: { apt: 'jq' }, for: 'JSON output, from a shell' },
  { name: 'strace', command: 'strace', versionArgs: ['--version'], source: { apt: 'strace' }, for: 'kills at every mutating system call' },
  { name: 'tmux', command: 'tmux', versionArgs: ['-V'], source: { apt: 'tmux' }, for: 'the live reporter on a real terminal' },
  { name: 'faketime', command: 'faketime', versionArgs: ['--version'], source: { apt: 'faketime' }, for: 'the same bytes at another time' },
  {
    name: 'mac-alias',
    command: 'python',
    versionArgs: ['-c', 'import mac_alias; print("mac_alias 2.2.3")'],
    source: { pypi: 'mac-alias', version: '2.2.3' },
    for: 'aliases in disk images',
  },
  {
    name: 'ds-store',
    command: 'python',
    versionArgs: ['-c', 'import ds_store; print("ds_store 1.3.3")'],
    source: { pypi: 'ds-store', version: '1.3.3' },
    for: 'windows of disk images',
  },
  {
    name: 'pefile',
    command: 'python',
    versionArgs: ['-c', 'import pefile; print("pefile", pefile.__version__)'],
    source: { pypi: 'pefile', version: '2024.8.26' },
    for: 'resources of Windows programs, by another reader',
  },
  { name: 'dmg2img', command: 'dmg2img', versionArgs: [], source: { apt: 'dmg2img' }, for: 'disk images' },
  { name: 'fls', command: 'fls', versionArgs: ['-V'], source: { apt: 'sleuthkit' }, for: 'HFS Plus' },
  { name: 'icat', command: 'icat', versionArgs: ['-V'], source: { apt: 'sleuthkit' }, for: 'HFS Plus' },
  { name: 'fsstat', command: 'fsstat', versionArgs: ['-V'], source: { apt: 'sleuthkit' }, for: 'HFS Plus' },
  {
    name: 'read-pkg',
    command: 'read-pkg',
    versionArgs: [],
    source: { crate: 'read-pkg', version: '1.0.0' },
    for: 'macOS packages: the crates apple-xar, apple-bom and apple-flat-package',
  },
  { name: 'icns2png', command: 'icns2png', versionArgs: ['--version'], source: { apt: 'icnsutils' }, for: 'icns' },
  { name: 'plistutil', command: 'plistutil', versionArgs: ['--version'], source: { apt: 'libplist-utils' }, for: 'property lists' },
  {
    name: 'tuf',
    command: 'python',
    versionArgs: ['-c', 'import tuf; print("python-tuf", tuf.__version__)'],
    source: { pypi: 'tuf', version: '7.0.0' },
    for: 'TUF documents',
  },
  {
    name: 'tauri',
    command: 'tauri',
    versionArgs: ['--version'],
    source: { npm: '@tauri-apps/cli' },
    for: "the Tauri updater's signatures",
  },
  { name: 'pip', command: 'pip3', versionArgs: ['--version'], source: { apt: 'python3-pip' }, for: 'wheels, fetched as users fetch them' },
  {
    name: 'flet',
    command: 'python',
    versionArgs: ['-c', 'import flet; print("flet", flet.version.version)'],
    source: { pypi: 'flet', version: '0.28.3' },
    for: 'the window of examples/flet: a page that its client shows',
  },
  { name: 'Xvfb', command: 'Xvfb', versionArgs: ['-version'], source: { apt: 'xvfb' }, for: 'a screen for apps with a window' },
  { name: 'xdotool', command: 'xdotool', versionArgs: ['--version'], source: { apt: 'xdotool' }, for: 'which windows are on it' },
  { name: 'xprop', command: 'xprop', versionArgs: ['-version'], source: { apt: 'x11-utils' }, for: 'what they say of themselves' },
  {
    name: 'gtk-launch',
    command: 'gtk-launch',
    versionArgs: ['--version'],
    source: { apt: 'libgtk-3-bin' },
    for: 'GTK 3, without which no window of examples/flet opens',
  },
  { name: 'import', command: 'import', versionArgs: ['-version'], source: { apt: 'imagemagick' }, for: 'what they look like' },
  { name: 'msiinfo', command: 'msiinfo', versionArgs: ['--version'], source: { apt: 'msitools' }, for: 'tables of MSI packages' },
  { name: 'msiextract', command: 'msiextract', versionArgs: ['--version'], source: { apt: 'msitools' }, for: 'files of MSI packages' },
  { name: 'msibuild', command: 'msibuild', versionArgs: ['--version'], source: { apt: 'msitools' }, for: 'MSI packages that we read' },
  { name: 'gcab', command: 'gcab', versionArgs: ['--version'], source: { apt: 'gcab' }, for: 'cabinets' },
  {
    name: 'makensis',
    command: 'makensis',
    versionArgs: ['-VERSION'],
    source: { apt: 'nsis' },
    for: 'what the Windows installer is made by',
  },
  { name: 'icotool', command: 'icotool', versionArgs: ['--version'], source: { apt: 'icoutils' }, for: 'Windows icons' },
  { name: 'wrestool', command: 'wrestool', versionArgs: ['--version'], source: { apt: 'icoutils' }, for: 'resources of Windows programs' },
  { name: 'clang', command: 'clang', versionArgs: ['--version'], source: { apt: 'clang' }, for: 'building runtime/deflate again' },
  { name: 'wasm-ld', command: 'wasm-ld', versionArgs: ['--version'], source: { apt: 'lld' }, for: 'building runtime/deflate again' },
  { name: 'wine', command: 'wine', versionArgs: ['--version'], source: { apt: 'wine' }, for: 'programs for Windows' },
  {
    name: 'pnpm',
    command: 'pnpm',
    versionArgs: ['--version'],
    source: { npx: 'pnpm', version: '10.34.9' },
    for: 'npm packages, by another installer',
  },
  {
    name: 'publint',
    command: 'publint',
    versionArgs: ['--version'],
    source: { npx: 'publint', version: '0.3.25' },
    for: 'package.json of npm packages',
  },
  { name: 'electron-updater', versionArgs: [], source: { npm: 'electron-updater' }, for: 'electron feeds, downloads and their checks' },
  { name: 'tuf-js', versionArgs: [], source: { npm: 'tuf-js' }, for: 'TUF documents, a second opinion' },
]
