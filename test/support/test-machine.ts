import { LEASES, NODES, type Node } from '../../shared/api/kinds.ts'
import { microTimestamp, timestamp } from '../../shared/clock.ts'
import { startTestKubelet, type TestKubeletDeps, type TestKubeletOptions } from './test-kubelet.ts'

/** A machine that can lose its power and come back. */
export interface TestMachine {
  readonly name: string
  /** Registers, says that it is ready, renews its Lease and runs its Pods. */
  boot(): Promise<void>
  /** From one moment to the next it says and does nothing more. */
  cutPower(): void
  /** Its agent says that it goes, and does. */
  leave(): Promise<void>
}

const LEASE_NAMESPACE = 'kube-node-lease'
const RENEW_MS = 1000

export function createTestMachine(name: string, deps: TestKubeletDeps, options: TestKubeletOptions = {}): TestMachine {
  const { client, clock } = deps
  let power: AbortController | undefined

  const renew = async () => {
    const lease = { namespace: LEASE_NAMESPACE, name }
    await client.modify(LEASES, lease, (draft) => {
      draft.spec = { ...draft.spec, holderIdentity: name, renewTime: microTimestamp(clock.now()) }
    })
  }
  const reportReady = async () => {
    await client.modify(NODES, { name }, (draft) => markReady(draft, clock.now()), { status: true })
  }
  return {
    name,
    async boot() {
      power?.abort()
      power = new AbortController()
      const { signal } = power
      await client.create(NODES, { metadata: { name }, spec: {} }).catch(() => undefined)
      const spec = { holderIdentity: name, leaseDurationSeconds: 4, renewTime: microTimestamp(clock.now()) }
      await client.create(LEASES, { metadata: { namespace: LEASE_NAMESPACE, name }, spec }).catch(renew)
      await reportReady()
      const timer = clock.every(RENEW_MS, () => void renew())
      signal.addEventListener('abort', () => timer.cancel(), { once: true })
      startTestKubelet(deps, { ...options, nodeName: name }, signal)
    },
    cutPower: () => power?.abort(),
    async leave() {
      power?.abort()
      await client.modify(LEASES, { namespace: LEASE_NAMESPACE, name }, (draft) => {
        delete draft.spec?.holderIdentity
      })
    },
  }
}

function markReady(node: Node, nowMs: number): void {
  const others = (node.status?.conditions ?? []).filter(({ type }) => type !== 'Ready')
  const now = timestamp(nowMs)
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }
  node.status = { ...node.status, conditions: [...others, ready] }
}
