import type { Deployment, Node, Pod } from '../shared/api/kinds.ts'
import { keyOf } from '../shared/api/object.ts'

/** What `kubette up` shows of the cluster. */
export interface ClusterSnapshot {
  nodes: readonly Node[]
  pods: readonly Pod[]
}

/** Where the view goes: a terminal is redrawn in place, anything else gets a line for each change. */
export interface Screen {
  isTTY?: boolean
  write(text: string): unknown
}

export class ClusterView {
  readonly #screen: Screen
  readonly #shown = new Map<string, string>()
  #drawnLines = 0

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show(snapshot: ClusterSnapshot): void {
    const rows = [
      ...snapshot.nodes.map((node) => ({ key: `node ${keyOf(node)}`, state: nodeState(node), place: '' })),
      ...snapshot.pods.map((pod) => ({
        key: `pod  ${keyOf(pod)}`,
        state: podState(pod),
        place: pod.spec.nodeName ? `on ${pod.spec.nodeName}` : '',
      })),
    ]
    const width = Math.max(0, ...rows.map((row) => row.key.length))
    const lines = rows.map((row) => [
      row.key,
      `  ${row.key.padEnd(width)}  ${row.state.padEnd(17)}  ${row.place}`.trimEnd(),
    ])
    if (this.#screen.isTTY) this.#redraw(lines.map(([, line]) => line ?? ''))
    else this.#logChanges(new Map(lines as [string, string][]))
  }

  #redraw(lines: readonly string[]): void {
    const up = this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A\u001b[0J` : ''
    this.#screen.write(up + lines.map((line) => `${line}\n`).join(''))
    this.#drawnLines = lines.length
  }

  #logChanges(lines: ReadonlyMap<string, string>): void {
    for (const [key, line] of lines) {
      if (this.#shown.get(key) === line) continue
      this.#shown.set(key, line)
      this.#screen.write(`${line}\n`)
    }
  }
}

export function isReady(object: { status?: { conditions?: { type: string; status: string }[] } }): boolean {
  return object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

export function isAvailable(deployment: Deployment): boolean {
  const { status, spec, metadata } = deployment
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) >= (spec.replicas ?? 1) &&
    (status?.availableReplicas ?? 0) >= (spec.replicas ?? 1)
  )
}

function nodeState(node: Node): string {
  return isReady(node) ? 'Ready' : 'NotReady'
}

function podState(pod: Pod): string {
  if (pod.metadata.deletionTimestamp) return 'Terminating'
  const waiting = pod.status?.containerStatuses?.find((container) => container.state?.waiting?.reason)
  return waiting?.state?.waiting?.reason ?? pod.status?.phase ?? 'Pending'
}
