// msi: names as `SHORT~1.TXT|short and long.txt`, the short one in eight and three characters (Windows Installer, "Filename").

const isShort = (name: string): boolean => /^[A-Z0-9_~-]{1,8}(\.[A-Z0-9_~-]{1,3})?$/i.test(name)

/** For all names of one folder: what stands in FileName, DefaultDir or a shortcut's Name. */
export const installerNames = (names: readonly string[]): ReadonlyMap<string, string> => {
  const used = new Set(names.filter(isShort).map(name => name.toUpperCase()))
  const counts = new Map<string, number>()
  const made = new Map<string, string>()
  for (const name of [...names].sort()) {
    if (isShort(name)) {
      made.set(name, name)
      continue
    }
    const dot = name.lastIndexOf('.')
    const extension = dot > 0 ? plain(name.slice(dot + 1)).slice(0, 3) : ''
    const base = plain(dot > 0 ? name.slice(0, dot) : name) || 'FILE'
    const stem = base.slice(0, 2)
    for (let count = (counts.get(`${stem}.${extension}`) ?? 0) + 1; ; count++) {
      const tail = `~${count}`
      const short = `${base.slice(0, Math.min(6, 8 - tail.length))}${tail}${extension === '' ? '' : `.${extension}`}`
      if (used.has(short)) continue
      used.add(short)
      counts.set(`${stem}.${extension}`, count)
      made.set(name, `${short}|${name}`)
      break
    }
  }
  return made
}

const plain = (text: string): string => text.toUpperCase().replaceAll(/[^A-Z0-9_-]/g, '')
