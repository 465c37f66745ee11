// Results in order however long each takes, never more at once than asked for, and nothing that fails unheard once nobody reads.
import { describe, expect, it } from 'vitest'
import { inFlight } from './in-flight.ts'

const later = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

describe('inFlight', () => {
  it('gives results in order, a few in the making', async () => {
    let [now, most] = [0, 0]
    const make = async (one: number): Promise<number> => {
      most = Math.max(most, (now += 1))
      await later((one * 7) % 5)
      now -= 1
      return one * 2
    }
    expect(await Array.fromAsync(inFlight([1, 2, 3, 4, 5, 6, 7, 8, 9], make, 3))).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18])
    expect(most).toBe(3)
    expect(await Array.fromAsync(inFlight([], make))).toEqual([])
  })

  it('throws what the first failing one throws, and leaves the others', async () => {
    const make = async (one: number): Promise<number> => {
      if (one > 1) throw new Error(`no ${one}`)
      return one
    }
    const found: number[] = []
    const reading = async (): Promise<void> => {
      for await (const one of inFlight([1, 2, 3, 4, 5], make)) found.push(one)
    }
    await expect(reading()).rejects.toThrow('no 2')
    expect(found).toEqual([1])
  })
})
