import { beforeEach, expect, it } from 'vitest'
import { OrphanSearch } from '../../../../agent/pods/orphan-search.ts'
import type { PodIdentity } from '../../../../agent/runtime/pod-identity.ts'
import type { RuntimeListing } from '../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

let clock: VirtualClock
let isDown: boolean
/** What the runtime was asked for: a Pod, or undefined for all. */
let asked: (string | undefined)[]
let found: string[]
let search: OrphanSearch

beforeEach(() => {
  clock = new VirtualClock()
  isDown = false
  asked = []
  found = []
  search = new OrphanSearch({
    runtime: { list },
    clock,
    log: silentLogger,
    isKnown: (podUid) => podUid === 'known' || found.includes(podUid),
    found: ({ uid }) => void found.push(uid),
  })
})

async function list(podUid?: string): Promise<RuntimeListing> {
  asked.push(podUid)
  if (isDown) throw new Error('Docker does not answer')
  const volumes = ['known', 'a', 'a', 'b'].map((uid) => ({ pod: identity(uid) }) as RuntimeListing['volumes'][number])
  return { sandboxes: [], containers: [], volumes: volumes.filter(({ pod }) => [pod.uid, undefined].includes(podUid)) }
}

function identity(uid: string): PodIdentity {
  return { uid, namespace: 'default', name: uid }
}

it('finds what is of Pods that are not known, of one or of all', async () => {
  search.look('a')
  await clock.advance(0)
  expect(found).toEqual(['a'])
  search.look()
  await clock.advance(0)
  expect(found).toEqual(['a', 'b'])
  expect(asked).toEqual(['a', undefined])
})

it('looks again until it could', async () => {
  isDown = true
  search.look('b')
  await clock.advance(20_000)
  isDown = false
  await clock.advance(30_000)
  expect(found).toEqual(['b'])
  const times = asked.length
  await clock.advance(600_000)
  expect(asked).toHaveLength(times)
})

it('looks once for all who asked while it could not', async () => {
  isDown = true
  for (let time = 0; time < 50; time++) {
    search.look()
    search.look('b')
    await clock.advance(10_000)
  }
  asked = []
  await clock.advance(60_000)
  expect(asked).toEqual([undefined, undefined])
  isDown = false
  asked = []
  await clock.advance(30_000)
  expect(asked).toEqual([undefined])
  expect(found).toEqual(['a', 'b'])
})

it('looks no more once it is stopped', async () => {
  isDown = true
  search.look()
  await clock.advance(0)
  isDown = false
  search.stop()
  await clock.advance(60_000)
  expect(found).toEqual([])
})
