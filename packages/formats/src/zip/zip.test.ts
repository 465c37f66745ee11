// Tests of zip: round trips over hostile names and sizes, foreign readers and writers, lies and broken files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, encodeText, equalBytes, fieldsOf, fromBytes, type Source } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { isInsidePath } from '../inside-path.ts'
import { all, codeOf, deflatedBytes, inPieces, itWith, judge, mutate, sampleBytes } from '../testing/archives.ts'
import { openEntry, readZip, type ZipFound } from './read.ts'
import { writeZip, type ZipEntry } from './write.ts'
import { fromDosTime, toDosTime } from './zip.ts'

const MiB = 1 << 20
const mtime = Date.UTC(2023, 10, 14, 22, 13, 20) / 1000
const limit = { limitBytes: 2 ** 30 }

const stored = (path: string, content: Uint8Array, mode = 0o644): ZipEntry => ({
  path,
  type: 'file',
  mode,
  mtime,
  stored: { crc32: crc32(content), sizeBytes: content.length, chunks: () => inPieces(content, 100_000) },
})
const deflated = async (path: string, content: Uint8Array, mode = 0o644): Promise<ZipEntry> => ({
  path,
  type: 'file',
  mode,
  mtime,
  deflated: await deflatedBytes(content),
})
const folder = (path: string): ZipEntry => ({ path, type: 'folder', mode: 0o755, mtime })
const symlink = (path: string, linkTarget: string): ZipEntry => ({ path, type: 'symlink', mode: 0o777, mtime, linkTarget })

const readAll = async (bytes: Uint8Array, limits = limit): Promise<(ZipFound & { content: Uint8Array })[]> => {
  const source = fromBytes(bytes)
  const list: (ZipFound & { content: Uint8Array })[] = []
  for (const entry of await readZip(source)) list.push({ ...entry, content: await all(openEntry(source, entry, limits)) })
  return list
}

const sample = async (): Promise<ZipEntry[]> => [
  folder('App.app'),
  await deflated('App.app/run', sampleBytes(70_000), 0o755),
  stored('App.app/icon', sampleBytes(513)),
  await deflated('App.app/empty', new Uint8Array(0)),
  stored('App.app/nothing', new Uint8Array(0), 0o4755),
  await deflated('Grüße/日本語 🚢.txt', sampleBytes(MiB + 1)),
  symlink('App.app/link', '../Grüße'),
]

describe('toDosTime', () => {
  it('keeps even seconds of UTC and clamps', () => {
    const { date, time } = toDosTime(mtime + 1)
    expect(fromDosTime(date, time)).toBe(mtime)
    expect([toDosTime(0), toDosTime(315_532_800)]).toEqual([
      { date: 33, time: 0 },
      { date: 33, time: 0 },
    ])
    expect(toDosTime(1e12)).toEqual(toDosTime(Date.UTC(2107, 11, 31, 23, 59, 58) / 1000))
  })
})

describe.each([false, true])('zip with forceZip64 %s', forceZip64 => {
  it('comes back as it was', async () => {
    const entries = await sample()
    const bytes = await all(writeZip(entries, { forceZip64 }))
    const found = await readAll(bytes)
    expect(found.map(one => [one.path, one.type, one.mode, one.mtime, one.sizeBytes, one.method])).toEqual([
      ['App.app/', 'folder', 0o755, mtime, 0, 0],
      ['App.app/run', 'file', 0o755, mtime, 70_000, 8],
      ['App.app/icon', 'file', 0o644, mtime, 513, 0],
      ['App.app/empty', 'file', 0o644, mtime, 0, 0],
      ['App.app/nothing', 'file', 0o4755, mtime, 0, 0],
      ['Grüße/日本語 🚢.txt', 'file', 0o644, mtime, MiB + 1, 8],
      ['App.app/link', 'symlink', 0o777, mtime, 10, 0],
    ])
    expect(equalBytes(found[5]?.content ?? bytes, sampleBytes(MiB + 1))).toBe(true)
    expect(found[6]?.content).toEqual(encodeText('../Grüße'))
    expect(equalBytes(await all(writeZip(await sample(), { forceZip64 })), bytes)).toBe(true)
  })

  itWith('unzip', 'python3')('is accepted by unzip and by python', async () => {
    const bytes = await all(writeZip(await sample(), { forceZip64 }))
    const script = [
      'import zipfile,sys,json,zlib',
      'z=zipfile.ZipFile(sys.argv[1])',
      'print(json.dumps([z.testzip(),[[i.filename,i.file_size,i.external_attr>>16,list(i.date_time),zlib.crc32(z.read(i)),i.flag_bits,i.create_system] for i in z.infolist()]]))',
    ].join('\n')
    const [tested = '', listed = '', json = '', link = ''] = await judge(bytes, 'a.zip', [
      ['unzip', '-t', 'FILE'],
      ['unzip', '-Z', 'FILE'],
      ['python3', '-c', script, 'FILE'],
      ['sh', '-c', 'cd "$1" && unzip -q "$2" && readlink App.app/link && stat -c %a App.app/run', 'sh', 'FOLDER', 'FILE'],
    ])
    expect(tested).toContain('No errors detected')
    expect(listed).toMatch(/drwxr-xr-x .* 23-Nov-14 22:13 App\.app\//)
    expect(listed).toMatch(/lrwxrwxrwx .* App\.app\/link/)
    expect(listed).toContain('Grüße/日本語 🚢.txt')
    expect(link).toBe('../Grüße\n755\n')
    const [firstBad, members] = JSON.parse(json) as [unknown, [string, number, number, number[], number, number, number][]]
    expect(firstBad).toBe(null)
    expect(members[1]).toEqual(['App.app/run', 70_000, 0o100755, [2023, 11, 14, 22, 13, 20], crc32(sampleBytes(70_000)), 0, 3])
    expect(members[5]?.[5]).toBe(1 << 11)
  })

  it('is read from a Buffer as well, whose bytes stay as they are', async () => {
    const bytes = Buffer.from(await all(writeZip(await sample())))
    const before = Buffer.from(bytes)
    const found = await readAll(bytes)
    expect(found.map(({ path }) => path)).toEqual((await sample()).map(({ path, type }) => (type === 'folder' ? `${path}/` : path)))
    expect(bytes.equals(before)).toBe(true)
  })

  it('keeps random trees', async () => {
    const step = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }).map(text => `x${text.replace(/[\0/]/g, '_')}`)
    const path = fc
      .array(step, { minLength: 1, maxLength: 6 })
      .map(steps => steps.join('/'))
      .filter(isInsidePath)
    const size = fc.constantFrom(0, 1, 511, 512, 513, MiB - 1, MiB, MiB + 1)
    const tree = fc.uniqueArray(fc.tuple(path, size, fc.boolean()), { maxLength: 3, selector: ([one]) => one })
    await fc.assert(
      fc.asyncProperty(tree, async files => {
        const entries = await Promise.all(
          files.map(async ([one, sizeBytes, isStored]) =>
            isStored ? stored(one, sampleBytes(sizeBytes)) : deflated(one, sampleBytes(sizeBytes)),
          ),
        )
        const found = await readAll(await all(writeZip(entries, { forceZip64 })))
        expect(found.map(one => one.path)).toEqual(files.map(([one]) => one))
        expect(found.every((one, index) => equalBytes(one.content, sampleBytes(files[index]?.[1] ?? -1)))).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const entries = [folder('a'), await deflated('a/b', sampleBytes(300)), stored('ü', sampleBytes(20)), symlink('l', 'a')]
    const bytes = await all(writeZip(entries, { forceZip64 }))
    const result = await mutate(bytes, broken => readAll(broken, { limitBytes: MiB }))
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(1000)
  })
})

describe('zip writing', () => {
  it('writes an empty archive', async () => {
    expect((await all(writeZip([]))).length).toBe(22)
    expect(await readZip(fromBytes(await all(writeZip([]))))).toEqual([])
  })

  it('turns to zip64 by itself for large offsets, sizes and counts', async () => {
    const five = 5 * 2 ** 30
    const large = Uint8Array.of(0)
    const holes: ZipEntry = {
      path: 'big',
      type: 'file',
      mode: 0o644,
      mtime,
      stored: { crc32: 0, sizeBytes: five, chunks: () => zeros(five) },
    }
    const tail: Uint8Array[] = []
    let sizeBytes = 0
    for await (const chunk of writeZip([holes, stored('after', large)])) {
      sizeBytes += chunk.length
      if (chunk.length < MiB) tail.push(chunk)
    }
    const head = tail[0] ?? large
    // All between the first header and the rest is zeros, so that the source needs no memory.
    const end = concat(tail.slice(1))
    const source: Source = {
      sizeBytes,
      read: (offset, length) => {
        const bytes = new Uint8Array(length)
        bytes.set(head.subarray(Math.min(offset, head.length), Math.min(offset + length, head.length)))
        const from = offset - (sizeBytes - end.length)
        for (let at = Math.max(0, -from); at < length; at++) bytes[at] = end[from + at] ?? 0
        return Promise.resolve(bytes)
      },
    }
    const [first, second] = await readZip(source)
    expect(first).toMatchObject({ path: 'big', sizeBytes: five, compressedBytes: five, offset: 0 })
    expect(second).toMatchObject({ path: 'after', sizeBytes: 1, offset: five + 30 + 3 + 20 })
    expect(second === undefined ? undefined : await all(openEntry(source, second, limit))).toEqual(large)
    expect(await codeOf(() => (first === undefined ? undefined : all(openEntry(source, first, limit))))).toBe('zip/too-large')
  })

  itWith('unzip', 'python3')('holds 100,000 entries and reads their directory fast', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => stored(`folder/${index}.txt`, new Uint8Array(0)))
    const bytes = await all(writeZip(many))
    // The time of this thread, not of the clock: a busy machine must not fail it.
    const started = process.threadCpuUsage()
    expect((await readZip(fromBytes(bytes))).length).toBe(100_000)
    const { user, system } = process.threadCpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(3000)
    const [count] = await judge(bytes, 'a.zip', [
      ['python3', '-c', 'import zipfile,sys; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))', 'FILE'],
    ])
    expect(count).toBe('100000\n')
    expect(await codeOf(() => readZip(fromBytes(bytes), { limitEntries: 99_999 }))).toBe('zip/too-many-entries')
  })

  it.each([
    ['an absolute path', folder('/a')],
    ['a way out', folder('a/../..')],
    ['a NUL', folder('a\0')],
    ['half a surrogate', folder('\udc00')],
    ['a file with a slash', stored('a/', new Uint8Array(0))],
    ['a mode with a type', stored('a', new Uint8Array(0), 0o100644)],
    ['no time', { ...folder('a'), mtime: Number.NaN }],
    ['a link without a target', symlink('a', '')],
    ['a path that is too long', stored('a'.repeat(65_536), new Uint8Array(0))],
  ])('refuses %s', async (_, entry) => {
    expect(await codeOf(() => all(writeZip([entry])))).toBe('zip/bad-entry')
  })

  it('refuses a path twice and content of another length', async () => {
    expect(await codeOf(() => all(writeZip([folder('a/'), stored('a', new Uint8Array(0))])))).toBe('zip/duplicate')
    for (const sizeBytes of [9, 11]) {
      const lying: ZipEntry = {
        path: 'a',
        type: 'file',
        mode: 0o644,
        mtime,
        stored: { crc32: 0, sizeBytes: 10, chunks: () => zeros(sizeBytes) },
      }
      expect(await codeOf(() => all(writeZip([lying])))).toBe('zip/size-changed')
    }
  })
})

async function* zeros(sizeBytes: number): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(MiB)
  for (let done = 0; done < sizeBytes; done += MiB) yield block.subarray(0, sizeBytes - done)
}

describe('zip reading', () => {
  itWith('zip', 'python3')('reads what zip and python write', async () => {
    const place = mkdtempSync(join(tmpdir(), 'archive-'))
    try {
      execFileSync(
        'sh',
        ['-c', 'mkdir -p in/süb && printf hello%0999d 1 > in/süb/file && ln -s süb in/link && chmod 640 in/süb/file && zip -qry a.zip in'],
        { cwd: place },
      )
      execFileSync('sh', ['-c', 'cat in/süb/file | zip -q - - | cat > b.zip'], { cwd: place })
      const script =
        'import zipfile,sys\nz=zipfile.ZipFile(sys.stdout.buffer if len(sys.argv)<2 else sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nz.writestr("é","x"*500)\nz.close()'
      execFileSync('sh', ['-c', 'python3 -c "$1" | cat > c.zip', 'sh', script], { cwd: place })
      const found = (
        await Promise.all(['a.zip', 'b.zip', 'c.zip'].map(name => readAll(new Uint8Array(readFileSync(join(place, name))))))
      ).flat()
      expect(found.map(one => `${one.type} ${one.path} ${one.mode.toString(8)} ${one.content.length}`).sort()).toEqual([
        'file in/süb/file 640 1004',
        'file é 600 500',
        'folder in/ 755 0',
        'folder in/süb/ 755 0',
        'other - 600 1004',
        'symlink in/link 777 4',
      ])
      // zip calls its standard input a pipe. The streamed ones carry data descriptors.
      expect(found.filter(one => (one.flags & 8) !== 0).map(one => one.path)).toEqual(['-', 'é'])
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  const simple = async (): Promise<Uint8Array> => all(writeZip([stored('a', sampleBytes(5)), await deflated('b', sampleBytes(500))]))
  const [localA, dataA, localB] = [0, 31, 36]
  const parts = async () => {
    const bytes = await simple()
    const end = bytes.length - 22
    const directory = fieldsOf(bytes, 'little').u32(end + 16)
    return { bytes, end, centralA: directory, centralB: directory + 47 }
  }
  type Parts = Awaited<ReturnType<typeof parts>>
  const changed = async (change: (parts: Parts) => void): Promise<string> => {
    const made = await parts()
    change(made)
    return codeOf(() => readAll(made.bytes))
  }

  it('refuses every lie', async () => {
    const lies: [string, (parts: Parts) => void][] = [
      ['no error', () => undefined],
      [
        'zip/bad-checksum',
        ({ bytes }) => {
          bytes[dataA] = 0
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA] = 0
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA + 30] = 0x63
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA + 18] = 4
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA + 14] = (bytes[localA + 14] ?? 0) ^ 1
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA + 8] = 8
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[localA + 7] = 8
        },
      ],
      [
        'zip/overlap',
        ({ bytes }) => {
          bytes[localA + 28] = 1
        },
      ],
      [
        'zip/overlap',
        ({ bytes, centralB }) => {
          bytes[centralB + 42] = 20
        },
      ],
      [
        'zip/overlap',
        ({ bytes, centralB }) => {
          bytes[centralB + 42] = 0
        },
      ],
      [
        'zip/overlap',
        ({ bytes, centralB }) => {
          bytes[centralB + 45] = 1
        },
      ],
      [
        'zip/bad-size',
        ({ bytes, centralB }) => {
          bytes[centralB + 24] = 1
          bytes[localB + 22] = 1
        },
      ],
      [
        'zip/bad-directory',
        ({ bytes, centralA }) => {
          bytes[centralA + 24] = 4
        },
      ],
      [
        'zip/bad-directory',
        ({ bytes, centralB }) => {
          bytes[centralB] = 0
        },
      ],
      [
        'zip/bad-directory',
        ({ bytes, end }) => {
          bytes[end + 8] = 1
          bytes[end + 10] = 1
        },
      ],
      [
        'zip/bad-directory',
        ({ bytes, end }) => {
          bytes[end + 8] = 99
          bytes[end + 10] = 99
        },
      ],
      [
        'zip/bad-name',
        ({ bytes, centralA }) => {
          bytes[centralA + 46] = 0
        },
      ],
      [
        'zip/bad-name',
        ({ bytes, centralA }) => {
          bytes[centralA + 46] = 0xff
          bytes[centralA + 9] = 8
        },
      ],
      [
        'zip/duplicate',
        ({ bytes, centralB }) => {
          bytes[centralB + 46] = 0x61
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end + 12] = 1
        },
      ],
      [
        'zip/no-end',
        ({ bytes, end }) => {
          bytes[end + 20] = 1
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, end }) => {
          bytes[end + 4] = 1
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, centralA }) => {
          bytes[centralA + 34] = 1
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, centralA }) => {
          bytes[centralA + 8] = 1
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, centralB }) => {
          bytes[centralB + 10] = 12
        },
      ],
    ]
    for (const [index, [code, change]] of lies.entries()) expect([index, await changed(change)]).toEqual([index, code])
  })

  it('refuses bad deflate, bytes behind it, cut files and shrinking files', async () => {
    const { bytes } = await parts()
    const wrong = bytes.slice()
    wrong.fill(0xff, localB + 31, localB + 40)
    expect(await codeOf(() => readAll(wrong))).toBe('zip/corrupt')
    const content = sampleBytes(300)
    const padded = await deflatedBytes(content)
    const spare = {
      ...padded,
      compressedBytes: padded.compressedBytes + 2,
      async *chunks() {
        yield* padded.chunks()
        yield Uint8Array.of(3, 0)
      },
    }
    expect(await codeOf(async () => readAll(await all(writeZip([{ path: 'a', type: 'file', mode: 0o644, mtime, deflated: spare }]))))).toBe(
      'zip/corrupt',
    )
    for (const cut of [0, 1, 21, 100, bytes.length - 1]) expect(await codeOf(() => readAll(bytes.subarray(0, cut)))).toBe('zip/no-end')
    expect(await codeOf(() => readAll(concat([bytes, Uint8Array.of(0)])))).toBe('zip/no-end')
    expect(await codeOf(() => readZip({ sizeBytes: bytes.length, read: () => Promise.resolve(new Uint8Array(3)) }))).toBe('zip/truncated')
    expect(await codeOf(() => readAll(concat([Uint8Array.of(0), bytes])))).toBe('zip/bad-end')
  })

  it('refuses lies about zip64', async () => {
    const made = async (): Promise<{ bytes: Uint8Array; end: number }> => {
      const bytes = await all(writeZip([stored('a', sampleBytes(5))], { forceZip64: true }))
      return { bytes, end: bytes.length - 22 }
    }
    const lies: [string, (made: { bytes: Uint8Array; end: number }) => void][] = [
      ['no error', () => undefined],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end - 12] = 0
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes.fill(0xff, end - 12, end - 6)
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end - 20 - 52] = 1
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end + 12] = 1
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end - 20 - 8] = 1
        },
      ],
      [
        'zip/bad-end',
        ({ bytes, end }) => {
          bytes[end - 20] = 0
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, end }) => {
          bytes[end - 4] = 2
        },
      ],
      [
        'zip/unsupported',
        ({ bytes, end }) => {
          bytes[end - 20 - 40] = 1
        },
      ],
      [
        'zip/bad-directory',
        ({ bytes, end }) => {
          bytes[end - 20 - 56 - 26] = 16
        },
      ],
      [
        'zip/local-mismatch',
        ({ bytes }) => {
          bytes[35] = 4
        },
      ],
    ]
    for (const [index, [code, change]] of lies.entries()) {
      const one = await made()
      change(one)
      expect([index, await codeOf(() => readAll(one.bytes))]).toEqual([index, code])
    }
  })

  it('reads code page 437 where a name is no UTF-8', async () => {
    const bytes = await all(writeZip([stored('ab', new Uint8Array(0))]))
    for (const at of [30, bytes.length - 22 - 2]) bytes.set([0x94, 0xe1], at)
    expect((await readAll(bytes)).map(one => one.path)).toEqual(['öß'])
  })
})
