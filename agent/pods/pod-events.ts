import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../shared/clock.ts'
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
  readonly #clock: Clock
  readonly #podNow: () => Pod
  /** What was told, and when, so that it need not be said again. */
  readonly #told = new Map<string, number>()

  /** `pod` gives its newest object: containers may be added to it. */
  constructor(reporter: Pick<Reporter, 'event'>, clock: Clock, pod: () => Pod) {
    this.#reporter = reporter
    this.#clock = clock
    this.#podNow = pod
  }

  get #pod(): Pod {
    return this.#podNow()
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

  /** Says it unless something was said under that key a short while ago. */
  atTimes(key: string, say: () => void): void {
    if (this.#clock.monotonic() - (this.#told.get(key) ?? 0) >= REMIND_AFTER_MS) this.#told.delete(key)
    if (this.#isNew(key)) say()
  }

  #listOf(name: string): string {
    if (isEphemeralContainer(this.#pod, { name })) return 'ephemeralContainers'
    return isInitContainer(this.#pod, { name }) ? 'initContainers' : 'containers'
  }

  #isNew(key: string): boolean {
    if (this.#told.has(key)) return false
    if (this.#told.size >= MAX_TOLD) this.#told.clear()
    this.#told.set(key, this.#clock.monotonic())
    return true
  }
}

const MAX_TOLD = 200
/**
 * When what still holds is told again: Events expire after an hour. As often as the kubelet tells of a Pod in the long
 * run, so that what goes wrong for days writes little.
 */
const REMIND_AFTER_MS = 300_000
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
