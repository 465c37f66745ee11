// Relations between Debian packages that other configs state: only those in Debian's own form are taken over (Debian Policy 7.1).
import { comment, draft, type Draft, type Line } from './draft.ts'

const relation = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?( \((<<|<=|=|>=|>>) [A-Za-z0-9.+~:-]+\))?$/
const isRelation = (text: string): boolean => text.split('|').every(one => relation.test(one.trim()))
const packageName = /^[a-z0-9][a-z0-9+.-]+$/
const sectionName = /^[a-z][a-z/-]*$/

/** What the deb would refuse is left out, with a comment that says so. */
export const checkedRelations = ({ lines }: Draft): Draft => draft(...lines.flatMap(checked))

const checked = (line: Line): readonly Line[] => {
  if (line.entry === undefined) return [line]
  const [key, value] = line.entry
  if (key === 'package' || key === 'section')
    return typeof value === 'string' && (key === 'package' ? packageName : sectionName).test(value) ? [line] : []
  if (!Array.isArray(value)) return [line]
  const all = value as readonly string[]
  const fit = all.filter(isRelation)
  const left = all.filter(one => !isRelation(one))
  return [
    ...(fit.length === 0 ? [] : [{ ...line, entry: [key, fit] as const }]),
    ...(left.length === 0 ? [] : [comment(`Left out of ${key}, in no form that Debian has: ${left.join(', ').slice(0, 300)}`)]),
  ]
}
