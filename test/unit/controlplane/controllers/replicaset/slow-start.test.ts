import { describe, expect, it } from 'vitest'
import { slowStart } from '../../../../../controlplane/controllers/replicaset/slow-start.ts'

async function run(count: number, failAt?: number) {
  const batches: number[] = []
  let started = 0
  let batch = 0
  const result = await slowStart(count, async () => {
    const mine = ++started
    batch++
    await Promise.resolve()
    if (batch > 0) batches.push(batch)
    batch = 0
    if (mine === failAt) throw new Error(`no ${mine}`)
  })
  return { ...result, started, batches }
}

describe('slow start', () => {
  it('goes in batches that double', async () => {
    expect(await run(10)).toEqual({ succeeded: 10, started: 10, batches: [1, 2, 4, 3] })
  })

  it('stops after the batch that fails, and counts what succeeded', async () => {
    expect(await run(10, 2)).toEqual({ succeeded: 2, started: 3, batches: [1, 2], error: new Error('no 2') })
    expect(await run(10, 1)).toMatchObject({ succeeded: 0, started: 1 })
  })

  it('does nothing for nothing', async () => {
    expect(await run(0)).toEqual({ succeeded: 0, started: 0, batches: [] })
  })
})
