import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Logger } from '../../shared/log.ts'
import { ContainerStarter } from './container-starter.ts'
import { PodHooks } from './hooks/pod-hooks.ts'
import { PreStopRecord } from './hooks/pre-stop-record.ts'
import type { NodeContext } from './node-context.ts'
import { PodDrain } from './pod-drain.ts'
import { PodEvents } from './pod-events.ts'
import { PodExecutor } from './pod-executor.ts'
import { PodReporter } from './pod-reporter.ts'
import { PodProbes } from './probes/pod-probes.ts'
import { PodResize } from './resize/pod-resize.ts'
import { TerminationMessages } from './termination-messages.ts'

export interface PodPartsOptions {
  node: NodeContext
  log: Logger
  /** Its newest object. */
  pod(): Persisted<Pod>
  /** Something came about that asks for another look. */
  wake(): void
  /** Some container's health turned. */
  onHealth(): void
}

/** What the worker of one Pod works with. */
export interface PodParts {
  readonly events: PodEvents
  readonly reporter: PodReporter
  readonly probes: PodProbes
  readonly starter: ContainerStarter
  readonly hooks: PodHooks
  readonly messages: TerminationMessages
  readonly executor: PodExecutor
  readonly resize: PodResize
  readonly drain: PodDrain
}

/** Puts them together. */
export function podParts({ node, log, pod, wake, onHealth }: PodPartsOptions): PodParts {
  const { runtime, images, devices, clock, random, prober, hooks: runner, admission } = node
  const events = new PodEvents(node.reporter, clock, pod)
  const heldResource = () => admission.heldResource(pod())
  const starter = new ContainerStarter({ runtime, images, devices, clock, heldResource, events, onImage: wake })
  const preStops = new PreStopRecord({ runtime, clock, log })
  const hooks = new PodHooks({ runner, preStops, events, log, onReturn: wake })
  return {
    events,
    reporter: new PodReporter(node, events),
    probes: new PodProbes({
      ...{ prober, clock, random, onChange: onHealth },
      onNews: (container, kind, outcome) => events.probe(container, kind, outcome),
    }),
    starter,
    hooks,
    messages: new TerminationMessages({ runtime, clock }),
    executor: new PodExecutor({ node, events, starter, hooks }),
    resize: new PodResize((wanted) => admission.refuseResize(wanted)),
    drain: new PodDrain(node.drainer, wake),
  }
}
