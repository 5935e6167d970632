import type { Assignments } from '../../agent/assignments.ts'
import { createControlLink } from '../../agent/connection/control-link.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { sleep } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { decodeAgentMessage } from '../../shared/protocol/codec.ts'
import { FrameSocket } from '../../shared/protocol/frame-socket.ts'
import type { AgentFrame, ControlFrame } from '../../shared/protocol/frames.ts'
import type { StreamServer } from '../../shared/protocol/stream.ts'
import { seededRandom } from './seeded-random.ts'
import { type SocketPair, socketPair } from './socket-pair.ts'
import { VirtualClock } from './virtual-clock.ts'

export const node = { labels: {}, status: { capacity: { cpu: '4' } } }
export const welcome: ControlFrame = { type: 'welcome', nodeName: 'n1', clusterId: 'c1', heartbeatIntervalMs: 1000 }

/** Of each connection's other end. */
export const LOCAL_ADDRESS = '192.0.2.1'

/** The control plane's end of one connection, played by hand. */
export class Peer {
  readonly pair: SocketPair = socketPair()
  readonly frames = new FrameSocket<AgentFrame, ControlFrame>(this.pair.a, decodeAgentMessage, silentLogger)
  readonly received: AgentFrame[] = []
  closed: { code: number; reason: string } | undefined
  answersHeartbeats = true

  constructor(welcomes: boolean) {
    this.frames.onFrame({
      frame: (frame) => {
        this.received.push(frame)
        if (frame.type === 'hello' && welcomes) this.frames.send(welcome)
        if (frame.type === 'heartbeat' && this.answersHeartbeats) this.frames.send({ type: 'heartbeat' })
      },
      data: () => {},
    })
    this.frames.onClose((code, reason) => {
      this.closed = { code, reason }
    })
  }

  of<T extends AgentFrame['type']>(type: T) {
    return this.received.filter((frame): frame is Extract<AgentFrame, { type: T }> => frame.type === type)
  }
}

/** A link that dials peers; `network.refuses` makes dialling fail, `network.dialMs` makes it slow. */
export function startLink(options: { streams?: StreamServer; welcomes?: boolean } = {}) {
  const clock = new VirtualClock()
  const dials: number[] = []
  const peers: Peer[] = []
  const assigned: Assignments[] = []
  const network = { refuses: false, dialMs: 0 }
  const link = createControlLink({
    dial: async () => {
      dials.push(clock.now())
      if (network.dialMs > 0) await sleep(clock, network.dialMs)
      if (network.refuses) throw new Error('connection refused')
      const peer = new Peer(options.welcomes ?? true)
      peers.push(peer)
      return Object.assign(peer.pair.b, { localAddress: LOCAL_ADDRESS })
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
    agentVersion: '0.1.0',
    node: () => node,
    assignments: { assign: (assignments) => assigned.push(assignments) },
    network: new NetworkState({ clock, log: silentLogger }),
    streams: options.streams ?? { serve: async () => {} },
  })
  link.start()
  const latest = () => peers.at(-1) as Peer
  return { clock, dials, peers, assigned, network, link, latest }
}
