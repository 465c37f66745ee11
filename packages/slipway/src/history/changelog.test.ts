// One version's section of a changelog.
import { expect, it } from 'vitest'
import { sectionOf } from './changelog.ts'

const text = `# Changelog

## Unreleased
- later

## [1.2.0] - 2026-11-21

### Added
- One, see 1.1.0
\`\`\`sh
# 1.1.0
\`\`\`
### Fixed
- Two

## v1.2.0-beta.1 (2026-11-01)
- Beta

## tool 1.1.0
- Old
[1.2.0]: https://example.org/compare
`

it('is what stands between its heading and the next of that level, without link targets', () => {
  expect(sectionOf(text, '1.2.0')).toBe('### Added\n- One, see 1.1.0\n```sh\n# 1.1.0\n```\n### Fixed\n- Two')
  expect(sectionOf(text.replaceAll('\n', '\r\n'), '1.2.0-beta.1')).toBe('- Beta')
  expect(sectionOf(text, '1.1.0')).toBe('- Old')
  for (const none of ['1.2', '1.2.0-beta', '2.0.0', 'Unreleased', '']) expect(sectionOf(text, none)).toBe('')
})
