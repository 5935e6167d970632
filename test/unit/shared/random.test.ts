import { expect, it } from 'vitest'
import { systemRandom, uuid } from '../../../shared/random.ts'

it('gives bytes that are nobody else’s', () => {
  const uuids = Array.from({ length: 3000 }, () => uuid(systemRandom))
  expect(new Set(uuids).size).toBe(3000)
  const taken = systemRandom.bytes(16)
  const copy = [...taken]
  for (let round = 0; round < 600; round++) systemRandom.bytes(16).fill(0)
  expect([...taken]).toEqual(copy)
})

it('gives as many as are asked for', () => {
  for (const count of [0, 1, 4095, 4096, 4097, 100_000]) {
    const bytes = systemRandom.bytes(count)
    expect(bytes.byteLength).toBe(count)
    if (count > 4000) expect(new Set(bytes).size).toBe(256)
  }
})

it('gives numbers from 0 up to 1', () => {
  const numbers = Array.from({ length: 5000 }, () => systemRandom.next())
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
  expect(numbers.reduce((sum, number) => sum + number, 0) / 5000).toBeCloseTo(0.5, 1)
})
