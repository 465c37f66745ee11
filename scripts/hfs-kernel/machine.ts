// Debian's kernel under qemu, with an initramfs of busybox and a few modules: mounts a volume and writes a tar of it to another disk.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'

const home = join(homedir(), '.cache', 'slipway-kernel')

interface Kernel {
  readonly version: string
  readonly image: string
  readonly modules: string
}

/** Downloaded by apt and unpacked, never installed: nothing of it runs on this machine. */
export const kernel = (): Kernel => {
  const root = join(home, 'root')
  if (!existsSync(join(root, 'boot'))) {
    mkdirSync(root, { recursive: true })
    const depends = execFileSync('apt-cache', ['depends', '--no-recommends', '--no-suggests', 'linux-image-amd64'], { encoding: 'utf8' })
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1]
    if (name === undefined) throw new Error('apt knows no kernel: apt-get update')
    execFileSync('apt-get', ['-qq', 'download', name], { cwd: home, stdio: 'pipe' })
    const file = readdirSync(home).find(one => one.startsWith(name) && one.endsWith('.deb'))
    execFileSync('dpkg-deb', ['-x', join(home, file ?? ''), root])
    rmSync(join(home, file ?? ''))
  }
  const image = readdirSync(join(root, 'boot')).find(one => one.startsWith('vmlinuz-')) ?? ''
  const version = image.slice('vmlinuz-'.length)
  return { version, image: join(root, 'boot', image), modules: join(root, 'lib', 'modules', version) }
}

export interface Boot {
  readonly folder: string
  readonly volume: string
  /** Where the tar goes. */
  readonly tar: string
  readonly tarBytes: number
}

/** What the machine printed. Lines of ours begin with `hfs-kernel: `. */
export const bootWith = ({ folder, volume, tar, tarBytes }: Boot): string => {
  const { image, modules } = kernel()
  writeFileSync(tar, '')
  truncateSync(tar, tarBytes)
  const args = ['-m', '512', '-nographic', '-no-reboot', '-net', 'none', '-kernel', image, '-initrd', initramfs(folder, modules)]
  const drives = [`file=${volume},format=raw,if=virtio,readonly=on`, `file=${tar},format=raw,if=virtio`].flatMap(one => ['-drive', one])
  const append = 'console=ttyS0 panic=-1 loglevel=4'
  return execFileSync('qemu-system-x86_64', [...args, ...drives, '-append', append], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30 * 60_000,
    maxBuffer: 1 << 26,
  })
}

const wanted = ['virtio_pci', 'virtio_blk', 'nls_utf8', 'hfsplus']

const initramfs = (folder: string, modules: string): string => {
  const root = join(folder, 'initramfs')
  for (const one of ['bin', 'proc', 'dev', 'mnt', 'modules']) mkdirSync(join(root, one), { recursive: true })
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  copyFileSync(busybox, join(root, 'bin', 'busybox'))
  const order = withNeeded(modules)
  for (const path of order) copyFileSync(path, join(root, 'modules', basename(path)))
  writeFileSync(join(root, 'init'), initScript(order.map(path => basename(path))))
  chmodSync(join(root, 'init'), 0o755)
  const archive = join(folder, 'initramfs.cpio')
  execFileSync('sh', ['-c', 'find . | cpio --quiet -o -H newc >"$1"', 'sh', archive], { cwd: root })
  return archive
}

/** Each after those that it says it depends on. */
const withNeeded = (modules: string): readonly string[] => {
  const all = new Map(
    readdirSync(modules, { recursive: true, encoding: 'utf8' })
      .filter(path => path.endsWith('.ko'))
      .map(path => [basename(path, '.ko').replaceAll('-', '_'), join(modules, path)]),
  )
  const order: string[] = []
  const add = (name: string): void => {
    const path = all.get(name.replaceAll('-', '_'))
    // What is not there is built into the kernel.
    if (path === undefined || order.includes(path)) return
    const needs = /\0depends=([^\0]*)\0/.exec(readFileSync(path, 'latin1'))?.[1] ?? ''
    for (const need of needs.split(',').filter(one => one !== '')) add(need)
    order.push(path)
  }
  for (const name of wanted) add(name)
  return order
}

const initScript = (modules: readonly string[]): string => `#!/bin/busybox sh
b=/bin/busybox
say() { $b echo "hfs-kernel: $*"; }
$b mount -t proc none /proc
$b mount -t devtmpfs none /dev
for one in ${modules.join(' ')}; do $b insmod /modules/$one || say "no $one"; done
$b sleep 1
if $b mount -t hfsplus -o ro /dev/vda /mnt; then
  say "mounted by Linux $($b uname -r)"
  cd /mnt
  $b tar -cf /dev/vdb . && say 'all of it read' || say 'tar failed'
  cd /
  $b umount /mnt
else
  say 'not mounted'
fi
$b dmesg | $b grep -i hfs | while read -r line; do say "log: $line"; done
$b poweroff -f
`
