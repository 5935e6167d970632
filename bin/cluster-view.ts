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
    const rows: Row[] = [
      ...snapshot.nodes.map((node) => ({ what: `node ${keyOf(node)}`, state: nodeState(node), place: '' })),
      ...snapshot.pods.map((pod) => ({
        what: `pod  ${keyOf(pod)}`,
        state: podState(pod),
        place: pod.spec.nodeName ? `on ${pod.spec.nodeName}` : '',
      })),
    ]
    if (this.#screen.isTTY) this.#redraw(rows)
    else for (const row of rows) this.#logChange(row)
  }

  /** A line about something else, which stays; what is shown comes below it the next time. */
  say(line: string): void {
    this.#screen.write(`${this.#erased()}${line}\n`)
  }

  /** What is shown stays, too. */
  leave(): void {
    this.#drawnLines = 0
  }

  #redraw(rows: readonly Row[]): void {
    const width = Math.max(0, ...rows.map((row) => row.what.length))
    this.#screen.write(this.#erased() + rows.map((row) => lineOf(row, width)).join(''))
    this.#drawnLines = rows.length
  }

  /** Written to a terminal it takes away what was drawn last. */
  #erased(): string {
    const lines = this.#drawnLines
    this.#drawnLines = 0
    return lines > 0 ? `\u001b[${lines}A\u001b[0J` : ''
  }

  #logChange(row: Row): void {
    const line = lineOf(row, 0)
    if (this.#shown.get(row.what) === line) return
    this.#shown.set(row.what, line)
    this.#screen.write(line)
  }
}

interface Row {
  what: string
  state: string
  place: string
}

function lineOf({ what, state, place }: Row, width: number): string {
  return `${`  ${what.padEnd(width)}  ${state.padEnd(place ? 17 : 0)}  ${place}`.trimEnd()}\n`
}

const CONDITION_TAINTS = ['node.kubernetes.io/network-unavailable', 'node.kubernetes.io/not-ready']

export function isReady(object: { status?: { conditions?: { type: string; status: string }[] } }): boolean {
  return object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Ready, with a network, and known to be so by whoever places Pods. */
export function isUsable(node: Node): boolean {
  const hasNetwork = node.status?.conditions?.some(
    ({ type, status }) => type === 'NetworkUnavailable' && status === 'False',
  )
  const isKeptFree = node.spec?.taints?.some(({ key }) => CONDITION_TAINTS.includes(key)) ?? false
  return isReady(node) && hasNetwork === true && !isKeptFree
}

export function isAvailable(deployment: Deployment | undefined): boolean {
  if (!deployment) return false
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
