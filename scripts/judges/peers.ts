// The peers of benchmarks that no Debian package has: installed by `npm run bench` alone, where the judges lie (CONTRACTS 14).
import { findJudge } from './find.ts'
import { installJudges } from './install.ts'
import type { Judge } from './judge.ts'

const peers: readonly Judge[] = [
  {
    name: 'nfpm',
    command: 'nfpm',
    versionArgs: ['--version'],
    source: { go: 'github.com/goreleaser/nfpm/v2/cmd/nfpm', version: '2.44.0' },
    for: 'deb, rpm, apk and Arch packages, speed and size',
  },
]

/** The path of a peer, installed first where it is lacking; undefined where that did not work. */
export const preparePeer = async (name: string): Promise<string | undefined> => {
  const peer = peers.find(one => one.name === name)
  if (peer === undefined) return undefined
  await installJudges([peer])
  return findJudge(peer)
}
