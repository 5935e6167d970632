import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import type { Reporter } from '../reporter.ts'
import type { ContainerState } from '../runtime/runtime.ts'
import { isEphemeralContainer } from './ephemeral-containers.ts'
import type { StopReason } from './pod-memory.ts'
import type { ProbeKind } from './probes/probe-state.ts'
import type { ProbeOutcome } from './probes/prober.ts'
import { isInitContainer } from './restart-policy.ts'
import { identityOf, podInWords } from './spec/pod-identity.ts'

/** Tells what happens to one Pod, with the kubelet's reasons and words. */
export class PodEvents {
  readonly #reporter: Pick<Reporter, 'event'>
  readonly #pod: Pod
  /** What was told of a container instance and need not be said again. */
  readonly #told = new Set<string>()

  constructor(reporter: Pick<Reporter, 'event'>, pod: Pod) {
    this.#reporter = reporter
    this.#pod = pod
  }

  pod(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#reporter.event({ pod: identityOf(this.#pod), type, reason, message })
  }

  container({ name }: Pick<Container, 'name'>, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const fieldPath = `spec.${this.#listOf(name)}{${name}}`
    this.#reporter.event({ pod: identityOf(this.#pod), fieldPath, type, reason, message })
  }

  killing(target: ContainerState, why: StopReason): void {
    if (!this.#isNew(`killing ${target.id}`)) return
    this.container(target, 'Normal', 'Killing', killingMessage(target.name, why, isInitContainer(this.#pod, target)))
  }

  probe(container: Container, kind: ProbeKind, { success, message }: ProbeOutcome): void {
    const probe = `${PROBES[kind]} probe`
    if (success) this.container(container, 'Warning', 'ProbeWarning', `${probe} warning: ${message}`)
    else if (success === false) this.container(container, 'Warning', 'Unhealthy', `${probe} failed: ${message}`)
    else this.container(container, 'Warning', 'Unhealthy', `${probe} errored and resulted in unknown state: ${message}`)
  }

  backOff(exited: Pick<ContainerState, 'id' | 'name'>): void {
    if (!this.#isNew(`backoff ${exited.id}`)) return
    const message = `Back-off restarting failed container ${exited.name} in pod ${podInWords(this.#pod)}`
    this.container(exited, 'Warning', 'BackOff', message)
  }

  /** Says it unless it was the last thing said under that key. */
  once(key: string, say: () => void): void {
    if (this.#isNew(key)) say()
  }

  #listOf(name: string): string {
    if (isEphemeralContainer(this.#pod, { name })) return 'ephemeralContainers'
    return isInitContainer(this.#pod, { name }) ? 'initContainers' : 'containers'
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key)) return false
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.add(key)
    return true
  }
}

const MAX_TOLD = 200
const PROBES = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' } as const

function killingMessage(name: string, why: StopReason, isInit: boolean): string {
  const subject = isInit ? `Init container ${name}` : `Container ${name}`
  const outlook = isInit ? '' : ', will be restarted'
  switch (why) {
    case 'podEnds':
    case 'sandboxGone':
      return `Stopping container ${name}`
    case 'definitionChanged':
      return `${subject} definition changed${outlook}`
    case 'livenessFailed':
      return `${subject} failed liveness probe${outlook}`
    case 'startupFailed':
      return `${subject} failed startup probe${outlook}`
    case 'resized':
      return `${subject} resize requires restart`
    case 'postStartFailed':
      return 'FailedPostStartHook'
  }
}
