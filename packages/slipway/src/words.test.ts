// Command lines: split as people expect, and refused where only a shell would do.
import { describe, expect, it } from 'vitest'
import { splitCommand, splitCommands } from './words.ts'

describe('splitCommand', () => {
  it.each([
    ['pass show app/key', ['pass', 'show', 'app/key']],
    ['  a\t b  ', ['a', 'b']],
    [`say "two words" 'and $three | four'`, ['say', 'two words', 'and $three | four']],
    [`a"b c"d ''`, ['ab cd', '']],
    [`x "it's" '"'`, ['x', "it's", '"']],
    ['C:\\Tools\\op.exe read op://v/i', ['C:\\Tools\\op.exe', 'read', 'op://v/i']],
    ['x "a|b;c>d&e"', ['x', 'a|b;c>d&e']],
  ])('%s', (line, words) => expect(splitCommand(line)).toEqual(words))

  it.each(['a | b', 'a & b', 'a; b', 'a > b', 'a < b', 'a $HOME', 'a `id`', 'a "$HOME"', 'a "`id`"'])('refuses %s', line => {
    expect(() => splitCommand(line)).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ code: 'command/needs-shell', exit: 'input' })] }),
    )
  })
  it.each([
    ['a "b', 'command/open-quote'],
    ["a 'b", 'command/open-quote'],
    ['', 'command/empty'],
    ['   ', 'command/empty'],
    ['a\nb', 'command/many-lines'],
    ['a\u0000b', 'command/many-lines'],
  ])('refuses %j with %s', (line, code) => {
    expect(() => splitCommand(line)).toThrow(expect.objectContaining({ problems: [expect.objectContaining({ code })] }))
  })
  it('does not show the line, which may hold a secret', () => {
    expect(() => splitCommand('echo canary-3 | x')).not.toThrow(/canary/)
    expect(() => splitCommand('echo "canary-3')).not.toThrow(/canary/)
  })
})

it('takes several lines, one command each', () => {
  expect(splitCommands('npm ci\r\n\n  npm run build \n')).toEqual([
    ['npm', 'ci'],
    ['npm', 'run', 'build'],
  ])
})
