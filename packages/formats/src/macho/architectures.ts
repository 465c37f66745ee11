// Mach-O: which architectures a file is for, by its first bytes alone (Apple's mach-o/fat.h and loader.h).
import { fieldsOf } from '../bytes.ts'
import type { Architecture } from '../elf.ts'
import { limitFatSlices } from '../identify.ts'
import { architectureOf } from '../macho.ts'

/** Enough for the heads of a thin file and of any fat one. */
export const machOHeadBytes = 1024

/** Of a thin file one, of a fat one each; null: the bytes begin no Mach-O file. Never throws: what is torn is no such file. */
export const machOArchitectures = (head: Uint8Array): readonly Architecture[] | null => {
  if (head.length < 8) return null
  const big = fieldsOf(head, 'big')
  const magic = big.u32(0)
  if (magic === 0xfeedface || magic === 0xfeedfacf) return [architectureOf(big.u32(4))]
  if (magic === 0xcefaedfe || magic === 0xcffaedfe) return [architectureOf(fieldsOf(head, 'little').u32(4))]
  if (magic !== 0xcafebabe && magic !== 0xcafebabf) return null
  const count = big.u32(4)
  const stride = magic === 0xcafebabf ? 32 : 20
  // A Java class begins alike.
  if (count === 0 || count > limitFatSlices || head.length < 8 + count * stride) return null
  return Array.from({ length: count }, (_, index) => architectureOf(big.u32(8 + index * stride)))
}
