import type { Clock } from '../../../shared/clock.ts'
import type { ClusterFacts } from '../../../shared/cluster-facts.ts'
import type { NetworkAgentFrame } from '../../../shared/protocol/network-frames.ts'
import type { Informers } from '../../reconcile/informer.ts'
import { NetworkLog } from './network-log.ts'
import { NetworkSender } from './network-sender.ts'
import { NodeProgress } from './node-progress.ts'
import { PodDrains } from './pod-drains.ts'
import { ServiceOffers } from './service-offers.ts'

export interface NodeNetworkDeps {
  informers: Informers
  clock: Clock
  cluster: ClusterFacts
}

/** The way to one connected agent. */
export interface NetworkPeer {
  readonly nodeName: string
  /** Takes an encoded frame. */
  send(message: string): void
  backlogBytes(): number
  podDrained(uid: string): void
  /** The agent does not keep to the protocol. */
  refuse(reason: string): void
}

/** One agent that is told of the network. */
export interface NetworkMember {
  receive(frame: NetworkAgentFrame): void
  leave(): void
}

/** Tells all connected agents of the network, and knows how far their nodes go by it. */
export class NodeNetwork {
  readonly #deps: NodeNetworkDeps
  readonly #log: NetworkLog
  readonly #progress: NodeProgress
  readonly #drains: PodDrains
  readonly #senders = new Set<NetworkSender>()

  constructor(deps: NodeNetworkDeps) {
    this.#deps = deps
    this.#log = new NetworkLog(deps)
    this.#progress = new NodeProgress(deps)
    this.#drains = new PodDrains({ ...deps, offers: new ServiceOffers(), progress: this.#progress })
    this.#log.onPublish((version, differences) => {
      this.#progress.published(version)
      this.#drains.published(version, differences)
      for (const sender of this.#senders) sender.wake()
    })
  }

  /** Call when the informers are synced. */
  start(): void {
    this.#log.start()
  }

  stop(): void {
    this.#log.stop()
    this.#drains.stop()
    for (const sender of this.#senders) sender.stop()
  }

  join(peer: NetworkPeer): NetworkMember {
    const sender = new NetworkSender({ ...peer, clock: this.#deps.clock, log: this.#log })
    this.#senders.add(sender)
    sender.wake()
    return {
      receive: (frame) => this.#receive(frame, peer, sender),
      leave: () => {
        sender.stop()
        this.#senders.delete(sender)
        this.#drains.forget(sender)
      },
    }
  }

  #receive(frame: NetworkAgentFrame, peer: NetworkPeer, sender: NetworkSender): void {
    switch (frame.type) {
      case 'networkApplied':
        if (frame.version > sender.sentVersion) peer.refuse(`networkApplied of version ${frame.version}, never sent`)
        else this.#applied(peer.nodeName, frame.version)
        break
      case 'networkResync':
        sender.resync()
        break
      case 'drainPod':
        this.#drain(frame, peer, sender)
        break
    }
  }

  #applied(nodeName: string, version: number): void {
    this.#progress.applied(nodeName, version)
    this.#drains.settle()
  }

  #drain({ namespace, name, uid }: PodReference, peer: NetworkPeer, asker: object): void {
    const answer = () => peer.podDrained(uid)
    const isTaken = this.#drains.ask({ namespace, name, uid, nodeName: peer.nodeName, asker, answer })
    if (!isTaken) peer.refuse('drainPod of a Pod of another node')
  }
}

type PodReference = Extract<NetworkAgentFrame, { type: 'drainPod' }>
