// rpm: scripts that run at install and removal, and triggers that run when another package comes or goes.
import { FormatError } from '../format-error.ts'
import { type HeaderValue, int32Value, stringValue, stringsValue } from './header-write.ts'
import { relationFlags, type RpmRelation } from './relation.ts'
import { type RpmScriptKind, scriptTags, tags } from './tags.ts'

export interface RpmScript {
  readonly text: string
  /** The interpreter and its arguments; default `/bin/sh`, and `<lua>` is rpm's own. */
  readonly program?: readonly string[]
}

export interface RpmTrigger {
  readonly when: 'triggerin' | 'triggerun' | 'triggerpostun' | 'triggerprein'
  readonly on: readonly RpmRelation[]
  readonly text: string
  /** Default `/bin/sh`. */
  readonly program?: string
}

/** Throws `rpm/bad-script`. */
export const scriptValues = (scripts: Partial<Readonly<Record<RpmScriptKind, RpmScript>>>): readonly HeaderValue[] =>
  (Object.entries(scripts) as [RpmScriptKind, RpmScript][]).flatMap(([kind, { text, program = ['/bin/sh'] }]) => {
    const [textTag, programTag] = scriptTags[kind]
    program.forEach((one, index) => checkProgram(one, index === 0))
    const [first, ...rest] = program
    if (first === undefined) throw new FormatError('rpm/bad-script', `the ${kind} script has no interpreter`)
    // One program is a text, and one with arguments a list: rpm tells them apart by that.
    const programs = rest.length === 0 ? stringValue(programTag, first) : stringsValue(programTag, program)
    return text === '' ? [programs] : [stringValue(textTag, text), programs]
  })

/** Throws `rpm/bad-script`. */
export const triggerValues = (triggers: readonly RpmTrigger[]): readonly HeaderValue[] => {
  if (triggers.length === 0) return []
  for (const { on, program = '/bin/sh' } of triggers) {
    checkProgram(program, true)
    if (on.length === 0) throw new FormatError('rpm/bad-script', 'a trigger waits for no package')
  }
  const conditions = triggers.flatMap(({ when, on }, index) => on.map(one => ({ ...one, index, marks: [when] })))
  return [
    stringsValue(
      tags.triggerScripts,
      triggers.map(one => one.text),
    ),
    stringsValue(
      tags.triggerScriptProg,
      triggers.map(one => one.program ?? '/bin/sh'),
    ),
    stringsValue(
      tags.triggerName,
      conditions.map(one => one.name),
    ),
    stringsValue(
      tags.triggerVersion,
      conditions.map(one => one.version ?? ''),
    ),
    int32Value(tags.triggerFlags, conditions.map(relationFlags)),
    int32Value(
      tags.triggerIndex,
      conditions.map(one => one.index),
    ),
  ]
}

const checkProgram = (program: string, isFirst: boolean): void => {
  if (isFirst && program !== '<lua>' && !/^\/[^\s]*$/.test(program)) {
    throw new FormatError('rpm/bad-script', `the interpreter ${JSON.stringify(program)} is no absolute path and not <lua>`)
  }
  if (!/[\0\n]/.test(program)) return
  throw new FormatError('rpm/bad-script', `${JSON.stringify(program)} holds a NUL or a line break`)
}
