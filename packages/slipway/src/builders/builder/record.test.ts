// The record of a build: what goes in comes out, and no value of it can end the flag, comment or text that it stands in.
import { expect, it } from 'vitest'
import { recordIdOf, recordOf } from './record.ts'

const metadata = { version: "1.2.3-a'b", commit: '*/ x', date: '2025-10-09T08:53:21Z', features: 'añ,b' }

it('reads back as it was, in ASCII and without what would end it', () => {
  const record = recordOf('bun', metadata)
  expect(JSON.parse(record)).toEqual({ slipway: 1, tool: 'bun', ...metadata })
  expect(record).toMatch(/^[ -~]+$/)
  expect(record).not.toMatch(/['*]/)
})
it("has no value in plain sight as Go's build ID", () => {
  const id = recordIdOf(metadata)
  expect(id).toMatch(/^slipway\/1\/[\w+/]+=*$/)
  expect(id).not.toContain('1.2.3')
  expect(JSON.parse(Buffer.from(id.slice('slipway/1/'.length), 'base64').toString())).toMatchObject({ tool: 'go', features: 'añ,b' })
})
