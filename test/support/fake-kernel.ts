import { ANYBODY } from '../../agent/network/netlink/forwarding-rows.ts'
import { ipv4Bytes, ipv4Text } from '../../agent/network/netlink/ipv4-bytes.ts'
import { macBytes, macText } from '../../agent/network/netlink/mac-bytes.ts'
import {
  attribute,
  decodeAttributes,
  nested,
  text,
  textOf,
  u32,
} from '../../agent/network/netlink/netlink-attributes.ts'
import { decodeMessages, encodeMessage, type ReceivedMessage } from '../../agent/network/netlink/netlink-message.ts'
import { NETLINK_NETFILTER } from '../../agent/network/netlink/with-netlink.ts'
import type { DatagramSocket, SocketRelay } from '../../agent/runtime/socket-relay.ts'
import { FakeNetfilter } from './fake-netfilter.ts'

export interface FakeLink {
  index: number
  name: string
  mtu: number
  master?: number
  /** The index of its other end. */
  other?: number
  /** Attributes of a VXLAN device, as they came. */
  vxlan?: Buffer
  /** Of a pair: where its other end is. */
  peer?: { kernel: FakeKernel; name: string }
}

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NEWLINK = 16
const DELLINK = 17
const NEWADDR = 20
const DELADDR = 21
const NEWNEIGH = 28
const ESRCH = 3
const DUMP = 0x300
const ENODEV = 19
const EEXIST = 17

/** One network namespace: its links, as rtnetlink shows them, and its tables; enough of both for the agent's own requests. */
export class FakeKernel {
  readonly links: FakeLink[] = [{ index: 1, name: 'lo', mtu: 65_536 }]
  readonly addresses = new Map<string, number>()
  /** Per VXLAN device: the machines that it sends to. */
  readonly rows = new Map<number, Set<string>>()
  /** Of a VXLAN device, what it learnt: which link is on which machine. */
  readonly learnt = new Map<number, Map<string, string>>()
  /** The link that leads to others. */
  uplink = 1
  /** Where all else is sent. */
  gateway: string | undefined
  /** The namespaces of processes that can be seen from here. */
  readonly processes = new Map<number, FakeKernel>()
  readonly rules: string[] = []
  /** The neighbors that marked packets are sent through. */
  readonly marked = new Set<string>()
  readonly netfilter = new FakeNetfilter()
  readonly #ears = new Set<(datagram: Buffer) => void>()
  readonly #closed = new Set<() => void>()
  #indexes = 1

  addLink(link: Omit<FakeLink, 'index'>): FakeLink {
    if (this.link(link.name)) throw EEXIST
    const added = { ...link, index: ++this.#indexes }
    this.links.push(added)
    this.#tell(NEWLINK, added)
    return added
  }

  link(name: string): FakeLink | undefined {
    return this.links.find((link) => link.name === name)
  }

  addAddress(address: string, link: number): void {
    this.addresses.set(address, link)
    this.#say(NEWADDR, addressMessage(address, link))
  }

  removeAddress(address: string): void {
    const link = this.addresses.get(address) ?? 0
    this.addresses.delete(address)
    this.#say(DELADDR, addressMessage(address, link))
  }

  setMtu(name: string, mtu: number): void {
    const link = this.link(name)
    if (link) this.#tell(NEWLINK, Object.assign(link, { mtu }))
  }

  removeLink(name: string): void {
    const at = this.links.findIndex((link) => link.name === name)
    const [gone] = at < 0 ? [] : this.links.splice(at, 1)
    if (!gone) return
    this.#tell(DELLINK, gone)
    gone.peer?.kernel.removeLink(gone.peer.name)
  }

  /** A relay into the namespace. */
  relay(): SocketRelay {
    let end = () => {}
    const closed = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#closed.add(end)
    const refuse = () => Promise.reject(new Error('netlink alone'))
    const netfilter = this.netfilter.relay()
    const netlink = async (protocol: number, groups: readonly number[] = []) => {
      return protocol === NETLINK_NETFILTER ? netfilter.netlink(protocol) : this.#socket(groups.length > 0)
    }
    return { netlink, udp: refuse, tcp: refuse, closed, close: end }
  }

  /** The container that holds the namespace ends. */
  endRelays(): void {
    for (const end of this.#closed) end()
    this.#closed.clear()
    this.#ears.clear()
  }

  #socket(isEar: boolean): DatagramSocket {
    let receive: (data: Buffer) => void = () => {}
    const hear = (data: Buffer) => receive(data)
    if (isEar) this.#ears.add(hear)
    return {
      send: async (data) => {
        for (const message of decodeMessages(Buffer.from(data))) receive(this.#answer(message))
      },
      onMessage: (listener) => {
        receive = (data) => listener(data, undefined)
      },
      onFailure: () => {},
      closed: new Promise(() => {}),
      close: () => this.#ears.delete(hear),
    }
  }

  #answer(message: ReceivedMessage): Buffer {
    const reply = (type: number, payload: Buffer) => encodeMessage({ type, flags: 0, payload }, message.sequence)
    try {
      const found = this.#serve(message).map(({ type, payload }) => reply(type, payload))
      const isDump = (message.flags & DUMP) === DUMP && [18, 22, 30, 34].includes(message.type)
      return Buffer.concat([...found, reply(isDump ? NLMSG_DONE : NLMSG_ERROR, Buffer.alloc(isDump ? 4 : 20))])
    } catch (errno) {
      if (typeof errno !== 'number') throw errno
      const payload = Buffer.alloc(20)
      payload.writeInt32LE(-errno)
      return reply(NLMSG_ERROR, payload)
    }
  }

  #serve({ type, flags, payload }: ReceivedMessage): { type: number; payload: Buffer }[] {
    switch (type) {
      case NEWLINK:
        this.#setLink(payload)
        return []
      case DELLINK:
        this.removeLink(this.#byIndex(payload.readInt32LE(4)).name)
        return []
      case 18:
        return this.#asked(flags, payload).map((link) => ({ type: NEWLINK, payload: linkMessage(link) }))
      case 20:
        this.addresses.set(
          ipv4Text(decodeAttributes(payload.subarray(8)).get(2) ?? Buffer.alloc(4)),
          payload.readInt32LE(4),
        )
        return []
      case 24:
        this.#setRoute(decodeAttributes(payload.subarray(12)))
        return []
      case 22:
        return [...this.addresses].map(([address, index]) => ({ type: 20, payload: addressMessage(address, index) }))
      case 26:
        return [{ type: 24, payload: Buffer.concat([Buffer.alloc(12), u32(4, this.uplink)]) }]
      case NEWNEIGH:
      case 29:
        this.#setRow(type === NEWNEIGH, payload)
        return []
      case 30:
        return [
          ...[...this.rows].flatMap(([index, machines]) => [...machines].map((machine) => rowMessage(index, machine))),
          ...[...this.learnt].flatMap(([index, links]) =>
            [...links].map(([mac, machine]) => rowMessage(index, machine, mac)),
          ),
        ]
      case 32:
      case 33:
        this.#setRule(type === 32, decodeAttributes(payload.subarray(12)))
        return []
      case 34:
        return [...this.marked].map((neighbor) => ({ type: 32, payload: ruleMessage(neighbor) }))
      default:
        return []
    }
  }

  /** All, or the one that is named. */
  #asked(flags: number, payload: Buffer): FakeLink[] {
    if ((flags & DUMP) === DUMP) return this.links
    const link = this.link(textOf(decodeAttributes(payload.subarray(16)).get(3) ?? Buffer.alloc(0)))
    if (!link) throw ENODEV
    return [link]
  }

  #setRoute(attributes: Map<number, Buffer>): void {
    const gateway = attributes.get(5)
    if (gateway && !attributes.has(1)) this.gateway = ipv4Text(gateway)
  }

  /** Its other end is in the namespace of a process. */
  #addPair(link: Omit<FakeLink, 'index'>, peer: Map<number, Buffer>): void {
    const kernel = this.processes.get(peer.get(19)?.readUInt32LE() ?? 0)
    if (!kernel) throw ESRCH
    const name = textOf(peer.get(3) ?? Buffer.alloc(0))
    if (this.link(link.name) || kernel.link(name)) throw EEXIST
    const other = kernel.addLink({
      name,
      mtu: peer.get(4)?.readUInt32LE() ?? 1_500,
      peer: { kernel: this, name: link.name },
    })
    other.other = this.addLink({ ...link, peer: { kernel, name } }).index
  }

  #setLink(payload: Buffer): void {
    const attributes = decodeAttributes(payload.subarray(16))
    const [mtu, master] = [attributes.get(4)?.readUInt32LE(), attributes.get(10)?.readUInt32LE()]
    const name = attributes.get(3)
    const given = { ...(mtu ? { mtu } : {}), ...(master ? { master } : {}) }
    if (name) {
      const info = decodeAttributes(attributes.get(18) ?? Buffer.alloc(0))
      const [kind, data = Buffer.alloc(0)] = [textOf(info.get(1) ?? Buffer.alloc(0)), info.get(2)]
      const link = { name: textOf(name), mtu: 1_500, ...given }
      if (kind !== 'veth') this.addLink({ ...link, ...(kind === 'vxlan' ? { vxlan: data } : {}) })
      else this.#addPair(link, decodeAttributes((decodeAttributes(data).get(1) ?? data).subarray(16)))
    } else {
      const link = Object.assign(this.#byIndex(payload.readInt32LE(4)), given)
      this.#tell(NEWLINK, link)
    }
  }

  #setRow(isNew: boolean, payload: Buffer): void {
    const device = payload.readInt32LE(4)
    const attributes = decodeAttributes(payload.subarray(12))
    const machine = ipv4Text(attributes.get(1) ?? Buffer.alloc(4))
    const mac = macText(attributes.get(2) ?? Buffer.alloc(6))
    if (mac !== ANYBODY) {
      this.learnt.get(device)?.delete(mac)
      return
    }
    const machines = this.rows.get(device) ?? new Set()
    this.rows.set(device, machines)
    if (isNew) machines.add(machine)
    else machines.delete(machine)
  }

  #setRule(isNew: boolean, attributes: Map<number, Buffer>): void {
    const [source, mark] = [attributes.get(2), attributes.get(10)]
    if (source) this.rules.push(ipv4Text(source))
    if (mark && isNew) this.marked.add(ipv4Text(mark))
    else if (mark) this.marked.delete(ipv4Text(mark))
  }

  #byIndex(index: number): FakeLink {
    const link = this.links.find((link) => link.index === index)
    if (!link) throw ENODEV
    return link
  }

  #tell(type: number, link: FakeLink): void {
    this.#say(type, linkMessage(link))
  }

  #say(type: number, payload: Buffer): void {
    const datagram = encodeMessage({ type, flags: 0, payload }, 0)
    for (const hear of this.#ears) hear(datagram)
  }
}

function linkMessage({ index, name, mtu, master, other, vxlan }: FakeLink): Buffer {
  const header = Buffer.alloc(16)
  header.writeInt32LE(index, 4)
  header.writeUInt32LE(1, 8)
  return Buffer.concat([
    header,
    text(3, name),
    u32(4, mtu),
    ...(master === undefined ? [] : [u32(10, master)]),
    ...(other === undefined ? [] : [u32(5, other)]),
    ...(vxlan ? [nested(18, text(1, 'vxlan'), nested(2, vxlan))] : []),
  ])
}

function addressMessage(address: string, index: number): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(index, 4)
  return Buffer.concat([header, attribute(2, ipv4Bytes(address))])
}

/** Asks the table of the mark's number. */
function ruleMessage(neighbor: string): Buffer {
  const number = ipv4Bytes(neighbor)
  return Buffer.concat([Buffer.alloc(12), u32(6, 100), attribute(10, number), attribute(15, number)])
}

function rowMessage(index: number, machine: string, mac = ANYBODY): { type: number; payload: Buffer } {
  const header = Buffer.alloc(12)
  header.writeInt32LE(index, 4)
  const payload = Buffer.concat([header, attribute(2, macBytes(mac)), attribute(1, ipv4Bytes(machine))])
  return { type: NEWNEIGH, payload }
}
