import { describe, expect, it } from 'vitest'
import { podsToDelete } from '../../../../../controlplane/controllers/replicaset/deletion-order.ts'
import type { Pod } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { timestamp } from '../../../../../shared/clock.ts'

const NOW = Date.UTC(2030, 0, 1)
const HOUR_MS = 3_600_000

interface Traits {
  node?: string
  phase?: string
  readyForMs?: number
  cost?: string
  restarts?: number
  ageMs?: number
}

function pod(name: string, traits: Traits = {}): Persisted<Pod> {
  const { node = 'n1', phase = 'Running', readyForMs = HOUR_MS, cost, restarts = 0, ageMs = HOUR_MS } = traits
  const isReady = readyForMs >= 0
  const condition = { type: 'Ready', status: isReady ? 'True' : 'False' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: timestamp(NOW - ageMs),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      conditions: [isReady ? { ...condition, lastTransitionTime: timestamp(NOW - readyForMs) } : condition],
      containerStatuses: [{ name: 'main', ready: isReady, restartCount: restarts, image: '', imageID: '' }],
    },
  }
}

function firstOf(pods: Persisted<Pod>[], related = pods): string | undefined {
  const reversed = podsToDelete([...pods].reverse(), 1, { related, nowMs: NOW })[0]?.metadata.name
  expect(podsToDelete(pods, 1, { related, nowMs: NOW })[0]?.metadata.name).toBe(reversed)
  return reversed
}

describe('the order in which Pods are deleted', () => {
  const NOT_READY = { readyForMs: -1 }
  const cases: [string, Traits, Traits][] = [
    [
      'unassigned before assigned',
      { node: '', phase: 'Pending', ...NOT_READY },
      { phase: 'Pending', ...NOT_READY, cost: '-9' },
    ],
    ['pending before running', { phase: 'Pending', ...NOT_READY }, { ...NOT_READY, cost: '-9' }],
    ['unknown before running', { phase: 'Unknown', ...NOT_READY }, { ...NOT_READY, cost: '-9' }],
    ['not ready before ready', NOT_READY, { cost: '-9' }],
    ['low deletion cost before high', { cost: '-1', readyForMs: 9 * HOUR_MS }, { readyForMs: 1_000 }],
    ['ready for a short time before long', { readyForMs: 1_000, node: 'n2' }, { readyForMs: HOUR_MS, restarts: 9 }],
    ['often restarted before seldom', { restarts: 3, node: 'n2' }, { ageMs: 1_000 }],
    ['young before old', { ageMs: 1_000, node: 'n2' }, { ageMs: HOUR_MS }],
  ]
  it.each(cases)('%s', (_, first, second) => {
    expect(firstOf([pod('b', first), pod('a', second)], [])).toBe('b')
  })

  it('prefers a node that has many of the same', () => {
    const pods = [pod('a'), pod('b', { node: 'n2', readyForMs: 1 })]
    expect(firstOf(pods, [...pods, pod('c')])).toBe('a')
  })

  it('does not count Pods that are on their way out', () => {
    const going = pod('c')
    going.metadata.deletionTimestamp = timestamp(NOW)
    expect(firstOf([pod('a'), pod('b', { node: 'n2', readyForMs: 1 })], [going])).toBe('b')
  })

  it('leaves small differences of age to the UIDs', () => {
    expect(firstOf([pod('b', { readyForMs: 100_000 }), pod('a', { readyForMs: 101_000 })])).toBe('a')
  })

  it('ignores a deletion cost that is no number', () => {
    expect(firstOf([pod('a', { cost: 'cheap' }), pod('b', { cost: '-1' })])).toBe('b')
  })

  it('takes all where all are to go', () => {
    expect(podsToDelete([pod('a'), pod('b')], 5, { related: [], nowMs: NOW })).toHaveLength(2)
  })
})
