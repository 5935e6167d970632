import type { NetworkView } from '../../agent/network/network-state.ts'
import type { Reporter } from '../../agent/reporter.ts'
import type { Runtime } from '../../agent/runtime/runtime.ts'
import type { CoreSeams } from '../../controlplane/core.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'

/** Where something may stand between the parts of a simulated cluster. Each gets a part and returns what takes its place. */
export interface SimSeams extends CoreSeams {
  /** What one run of an agent sees of its machine's runtime. */
  runtime?(runtime: Runtime, nodeName: string): Runtime
  reporter?(reporter: Reporter): Reporter
  /** What makes an agent's rules sees of the network. */
  network?(view: NetworkView): NetworkView
  /** An agent's end of a new connection. */
  agentSocket?(socket: MessageSocket): MessageSocket
  /** The control plane has just been killed; its store is still as it was. */
  afterCrash?(): void
}

/** All of them in a row; the first stands next to the real part. Only one may replace the controllers. */
export function joinSeams(all: readonly SimSeams[]): SimSeams {
  const controllers = all.find((seams) => seams.controllers)?.controllers
  return {
    client: (client) => all.reduce((part, seams) => seams.client?.(part) ?? part, client),
    informers: (informers) => all.reduce((part, seams) => seams.informers?.(part) ?? part, informers),
    runtime: (runtime, name) => all.reduce((part, seams) => seams.runtime?.(part, name) ?? part, runtime),
    reporter: (reporter) => all.reduce((part, seams) => seams.reporter?.(part) ?? part, reporter),
    network: (view) => all.reduce((part, seams) => seams.network?.(part) ?? part, view),
    agentSocket: (socket) => all.reduce((part, seams) => seams.agentSocket?.(part) ?? part, socket),
    afterCrash: () => {
      for (const seams of all) seams.afterCrash?.()
    },
    ...(controllers ? { controllers } : {}),
  }
}
