import { beforeEach, describe, expect, it } from 'vitest'
import type { Assignments } from '../../../../agent/assignments.ts'
import { RuntimeFailure } from '../../../../agent/runtime/runtime.ts'
import { VolumeRemover } from '../../../../agent/volumes/volume-remover.ts'
import type { PersistentVolume } from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { assignedMetadata } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const DATA = 'kubette.dev/volume-data'

function volume(finalizers: string[], more: Partial<PersistentVolume['spec']> = {}): Persisted<PersistentVolume> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { ...assignedMetadata('pv'), finalizers, deletionTimestamp: '2030-01-01T00:00:00Z' },
    spec: {
      csi: { driver: 'local.kubette.dev', volumeHandle: 'kubette_pv' },
      persistentVolumeReclaimPolicy: 'Delete',
      ...more,
    },
  }
}

describe('VolumeRemover', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let remover: VolumeRemover
  let removed: string[]

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    removed = []
    const reporter = { volumeRemoved: ({ uid }: { uid: string }) => void removed.push(uid) }
    remover = new VolumeRemover({ runtime, reporter, clock, log: silentLogger })
  })

  const assign = (...volumes: Persisted<PersistentVolume>[]) => {
    const nothing = { pods: new Map(), configMap: () => undefined, secret: () => undefined, claim: () => undefined }
    const assignments: Assignments = { ...nothing, volumes: new Map(volumes.map((each) => [each.metadata.name, each])) }
    remover.assign(assignments)
  }
  const removals = () => runtime.calls.filter((call) => call.startsWith('removeClaimVolume'))

  it('removes the data of a volume that nobody has any more, and says so', async () => {
    assign(volume([DATA]))
    await clock.advance(100)
    expect(removals()).toEqual(['removeClaimVolume kubette_pv'])
    expect(removed).toEqual(['uid-pv'])
  })

  it('tries until nothing uses the data, as long as it is asked for', async () => {
    runtime.failNext('removeClaimVolume', new RuntimeFailure('conflict', 'volume is in use'), 3)
    assign(volume([DATA]))
    await clock.until(() => removed.length === 1)
    expect(removals()).toHaveLength(4)
    runtime.failNext('removeClaimVolume', new RuntimeFailure('conflict', 'volume is in use'), 100)
    assign(volume([DATA]))
    await clock.advance(3_000)
    assign()
    const before = removals().length
    await clock.advance(600_000)
    expect(removals().length).toBeLessThanOrEqual(before + 1)
  })

  it.each([
    ['that is protected', volume([DATA, 'kubernetes.io/pv-protection'])],
    ['that is to be kept', volume([DATA], { persistentVolumeReclaimPolicy: 'Retain' })],
    ['without data of ours', volume([])],
  ])('leaves a volume %s', async (_, kept) => {
    assign(kept)
    await clock.advance(10_000)
    expect([removals(), removed]).toEqual([[], []])
  })
})
