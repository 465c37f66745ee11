// Hostile text in each of its clothes.
import { describe, expect, it } from 'vitest'
import { githubData, githubLine, githubProperty, markdown, plain, safeJson } from './safe.ts'

describe('plain', () => {
  it.each([
    ['\u001b[2J\u001b]0;owned\u0007', '\\x1b[2J\\x1b]0;owned\\x07'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['gpj.\u202eexe', 'gpj.\\u{202e}exe'],
    ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['\u009b31m', '\\x9b31m'],
    ['line\u2028sep', 'line\\u{2028}sep'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['half\ud800', 'half\\u{d800}'],
    ['filler\u3164', 'filler\\u{3164}'],
  ])('shows what is hidden in %j', (hostile, shown) => {
    expect(plain(hostile)).toBe(shown)
  })
  it('leaves letters of all scripts and emoji alone', () => {
    expect(plain('Приложение 应用 café 🚀 C:\\dir')).toBe('Приложение 应用 café 🚀 C:\\dir')
  })
})

describe('markdown', () => {
  it('makes no link, image, HTML, cell, mention or heading', () => {
    const text = markdown('# x | <img src=x> ![a](http://e.vil) [b](c) `d` @all *e* _f_ ~g~ www.evil.org\n# y')
    expect(text).not.toMatch(/[#](?!\d+;)|[|<>`@*_~[\]!]/)
    expect(text).not.toContain('://')
    expect(text).not.toContain('www.')
    expect(text).not.toContain('\n')
  })
  it('begins no list', () => {
    expect(markdown('- a')).toBe('&#45; a')
    expect(markdown('1. a')).toBe('1&#46; a')
  })
  it('keeps a file name readable', () => {
    expect(markdown('flet-0.28.3-1.x86.deb')).toBe('flet-0.28.3-1.x86.deb')
  })
})

describe("GitHub's log", () => {
  it('escapes data and properties by its rules', () => {
    expect(githubData('100%\nnext')).toBe('100%25%0Anext')
    expect(githubProperty('a:b,c%\n')).toBe('a%3Ab%2Cc%25\\n')
  })
  it('never begins a command', () => {
    expect(githubLine('::error::owned')).toBe(': :error::owned')
    expect(githubLine('  ::set-output name=x::y')).toBe('  : :set-output name=x::y')
    expect(githubLine('x ##[error]owned')).toBe('x ## [error]owned')
  })
})

describe('safeJson', () => {
  it('hides nothing and reads back as it was', () => {
    const value = { text: '\u001b\u009b\u202e\u200b\u{e0041} ##[error] 🚀 "\n' }
    const text = safeJson(value)
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).not.toContain('##[')
    expect(JSON.parse(text)).toEqual(value)
  })
})
