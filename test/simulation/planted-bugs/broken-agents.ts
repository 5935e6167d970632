import type { Reporter } from '../../../agent/reporter.ts'
import type { Runtime } from '../../../agent/runtime/runtime.ts'
import type { AssignmentsFrame } from '../../../shared/protocol/frames.ts'
import type { MessageSocket } from '../../../shared/protocol/message-socket.ts'
import type { NetworkFrame } from '../../../shared/protocol/network-frames.ts'
import type { SimCluster } from '../../support/sim-cluster.ts'
import type { SimSeams } from '../../support/sim-seams.ts'

/** Starts each sandbox twice, as if the answer to the first call had been lost. */
export function startSecondSandbox(): SimSeams {
  return {
    runtime: (runtime) =>
      withMethods(runtime, {
        runSandbox: async (spec) => {
          await runtime.runSandbox(spec)
          return runtime.runSandbox(spec)
        },
      }),
  }
}

/** Does not know a container again that an earlier run of the agent has started. */
export function forgetToAdopt(): SimSeams {
  return {
    runtime: (runtime) => {
      const own = new Set<string>()
      return withMethods(runtime, {
        createContainer: async (spec) => {
          const id = await runtime.createContainer(spec)
          own.add(id)
          return id
        },
        list: async (podUid) => {
          const listing = await runtime.list(podUid)
          for (const container of listing.containers) if (!own.has(container.id)) container.specHash = 'unknown'
          return listing
        },
      })
    },
  }
}

/** Says that a Pod's containers are gone while they are still ending. */
export function reportEndTooEarly(): SimSeams {
  return {
    reporter: (reporter) => ({
      podStatus: (report) => reporter.podStatus({ ...report, terminated: true }),
      event: (event) => reporter.event(event),
    }),
  }
}

/** Tells once more, after the newest status of a Pod, the one before it. */
export function reportOutOfOrder({ clock }: SimCluster): SimSeams {
  return {
    reporter: (reporter) => {
      const newest = new Map<string, Parameters<Reporter['podStatus']>[0]>()
      return {
        podStatus: (report) => {
          const before = newest.get(report.uid)
          newest.set(report.uid, report)
          reporter.podStatus(report)
          if (before) clock.after(50, () => reporter.podStatus(before))
        },
        event: (event) => reporter.event(event),
      }
    },
  }
}

/** Every tenth change of the assignments is lost, and the agent does not see that the next one is not for what it has. */
export function ignoreAssignmentGaps(): SimSeams {
  return { agentSocket: (socket) => withoutSome(socket, 'assignments', 10) }
}

/** The same of the network, with every third change. */
export function ignoreNetworkGaps(): SimSeams {
  return { agentSocket: (socket) => withoutSome(socket, 'network', 3) }
}

/** Says that the rules are made when they are about to be. */
export function acknowledgeTooEarly(): SimSeams {
  return {
    network: (view) => ({
      snapshot: () => view.snapshot(),
      consumer: (name) => {
        const consumer = view.consumer(name)
        view.subscribe(({ version }) => consumer.applied(version))
        return consumer
      },
      subscribe: (listener) => view.subscribe(listener),
    }),
  }
}

/** Takes every question whether a Pod is drained for its answer. */
export function drainTooEarly(): SimSeams {
  return {
    agentSocket: (socket) => {
      const listeners: ((message: string | Uint8Array) => void)[] = []
      return {
        get bufferedBytes() {
          return socket.bufferedBytes
        },
        send: (message) => {
          const frame = typeof message === 'string' ? JSON.parse(message) : {}
          const answer = JSON.stringify({ type: 'podDrained', uid: frame.uid })
          const tell = () => {
            for (const listener of listeners) listener(answer)
          }
          if (frame.type === 'drainPod') queueMicrotask(tell)
          socket.send(message)
        },
        close: (code, reason) => socket.close(code, reason),
        onClose: (listener) => socket.onClose(listener),
        onMessage: (listener) => {
          listeners.push(listener)
          socket.onMessage(listener)
        },
      }
    },
  }
}

/** Loses every so manieth change of a kind, and hides the gap. */
function withoutSome(socket: MessageSocket, type: 'assignments' | 'network', every: number): MessageSocket {
  let count = 0
  let held = 0
  const received = (message: string | Uint8Array): string | Uint8Array | undefined => {
    const frame = typeof message === 'string' ? chained(message, type) : undefined
    if (!frame) return message
    if (frame.mode === 'incremental' && ++count % every === 0) return undefined
    const patched = { ...frame, appliesTo: frame.mode === 'complete' ? 0 : held }
    held = frame.resultsIn
    return JSON.stringify(patched)
  }
  return {
    get bufferedBytes() {
      return socket.bufferedBytes
    },
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
    onClose: (listener) => socket.onClose(listener),
    onMessage: (listener) =>
      socket.onMessage((message) => {
        const kept = received(message)
        if (kept !== undefined) listener(kept)
      }),
  }
}

function chained(message: string, type: string): AssignmentsFrame | NetworkFrame | undefined {
  const frame = JSON.parse(message) as AssignmentsFrame | NetworkFrame
  return frame.type === type ? frame : undefined
}

function withMethods(runtime: Runtime, methods: Partial<Runtime>): Runtime {
  return new Proxy(runtime, {
    get: (target, name: keyof Runtime) => methods[name] ?? (target[name] as (...args: never[]) => unknown).bind(target),
  })
}
