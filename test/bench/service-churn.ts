// How long a change of a Service takes to every node, with many Services: from the write of an EndpointSlice until all agents
// go by it. The real control plane over SQLite, the agents' real connections and rules for as many Pods' namespaces, all in one
// process. The namespaces are sandboxes on this machine's Docker with the kernel's real tables, of one kernel where a cluster has
// one on each machine; with --no-kernel they are none at all, and what the kernel takes is left out.
//   npx tsx test/bench/service-churn.ts [--no-kernel] [services] [endpoints] [nodes] [pods]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createControlLink } from '../../agent/connection/control-link.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { ServiceRules, type ServiceRulesOptions } from '../../agent/network/services/service-rules.ts'
import { SocketRelays } from '../../agent/network/socket-relays.ts'
import type { SandboxState } from '../../agent/runtime/runtime.ts'
import { startCore } from '../../controlplane/core.ts'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import type { Endpoint } from '../../shared/api/generated/discovery-v1.ts'
import { ENDPOINT_SLICES, SERVICES } from '../../shared/api/kinds.ts'
import { systemClock } from '../../shared/clock.ts'
import { SERVICE_NAME_LABEL } from '../../shared/endpoint-slices.ts'
import { silentLogger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { FakeNetfilter } from '../support/fake-netfilter.ts'
import { percentile } from '../support/percentile.ts'
import { ServiceNamespaces } from '../support/service-namespaces.ts'
import { eventually } from '../support/shell.ts'
import { socketPair } from '../support/socket-pair.ts'

const { values, positionals } = parseArgs({
  options: { kernel: { type: 'boolean', default: true } },
  allowNegative: true,
  allowPositionals: true,
})
const [services = 1000, endpoints = 5000, nodes = 3, pods = 10] = positionals.map(Number)
const CHANGES = 300
const EVERY_MS = 20
const GOAL_MS = 200
const namespace = 'default'
const clock = systemClock()
const log = silentLogger

const folder = mkdtempSync(join(tmpdir(), 'kubette-churn-'))
const store = await openSqliteStore(join(folder, 'state.db'), {})
const core = await startCore({ store, clusterId: 'churn', clock, random: systemRandom, log })

const addressOf = (number: number) => `10.42.${(number >> 8) & 255}.${number & 255}`
const endpoint = (number: number, ready: boolean): Endpoint => ({
  addresses: [addressOf(number)],
  conditions: { ready, serving: ready, terminating: false },
})
const each = Math.ceil(endpoints / services)
const endpointsOf = (service: number, ready: boolean) =>
  Array.from({ length: each }, (_, index) => endpoint(service * each + index, index > 0 || ready))

async function makeServices(): Promise<void> {
  const numbers = Array.from({ length: services }, (_, index) => index)
  for (let at = 0; at < services; at += 50) {
    await Promise.all(numbers.slice(at, at + 50).map((number) => makeService(number)))
  }
}

async function makeService(number: number): Promise<void> {
  const name = `service-${number}`
  await core.client.create(SERVICES, { metadata: { namespace, name }, spec: { ports: [{ port: 80 }] } })
  await core.client.create(ENDPOINT_SLICES, {
    metadata: { namespace, name, labels: { [SERVICE_NAME_LABEL]: name } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: endpointsOf(number, true),
  })
}

/** Pods' network namespaces, by the node that they are on. */
interface Namespaces {
  of(name: string): Promise<Pick<ServiceRulesOptions, 'relays' | 'runtime'>>
  close(): Promise<void>
}

/** They take every transaction. */
function noKernel(): Namespaces {
  return {
    of: async (name) => {
      const sandboxes = Array.from({ length: pods }, (_, index) => aSandbox(`${name}-${index}`))
      return {
        relays: new SocketRelays(async () => new FakeNetfilter().relay()),
        runtime: { list: async () => ({ sandboxes, containers: [], volumes: [] }) },
      }
    },
    close: async () => {},
  }
}

async function sandboxesOnDocker(): Promise<Namespaces> {
  const first = new ServiceNamespaces('churn')
  const prefix = await first.start()
  const all = [first]
  let place = 4
  return {
    of: async (name) => {
      const namespaces = await first.ofMate(name)
      all.push(namespaces)
      for (let index = 0; index < pods; index++) await namespaces.sandbox(`${name}-${index}`, `${prefix}.${place++}`)
      return namespaces
    },
    close: async () => {
      for (const { relays } of all) relays.close()
      await first.close()
    },
  }
}

/** A node with some Pods. */
async function startNode(name: string, namespaces: Namespaces): Promise<NetworkState> {
  const network = new NetworkState({ clock, log })
  new ServiceRules({ nodeName: name, network, ...(await namespaces.of(name)), clock, log }).start()
  const link = createControlLink({
    dial: async () => {
      const pair = socketPair()
      core.nodeHub.accept(pair.a, name, `key of ${name}`)
      return pair.b
    },
    ...{ clock, random: systemRandom, log, agentVersion: '0', network },
    node: () => ({ labels: {}, status: {} }),
    assignments: { assign: () => undefined },
    streams: { serve: async () => undefined },
  })
  link.start()
  return network
}

function aSandbox(id: string): SandboxState {
  return { id, pod: { uid: id, namespace, name: id }, running: true, createdAt: '', ip: '10.42.0.9' }
}

/** Resolves when the node goes by this version of the slice. */
function applied(network: NetworkState, name: string, resourceVersion: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const [slice] = network.snapshot()?.slices.get(`${namespace}/${name}`) ?? []
      const isThere = Number(slice?.metadata.resourceVersion ?? 0) >= Number(resourceVersion)
      if (isThere && network.appliedVersion === network.snapshot()?.version) resolve()
      else setTimeout(look, 1)
    }
    look()
  })
}

async function change(number: number, networks: readonly NetworkState[]): Promise<number> {
  const name = `service-${number % services}`
  const startedMs = performance.now()
  const written = await core.client.modify(ENDPOINT_SLICES, { namespace, name }, (draft) => {
    draft.endpoints = endpointsOf(number % services, number % 2 === 0)
  })
  await Promise.all(networks.map((network) => applied(network, name, written.metadata.resourceVersion)))
  return performance.now() - startedMs
}

const namespaces = values.kernel ? await sandboxesOnDocker() : noKernel()
try {
  await makeServices()
  const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)
  const networks = await Promise.all(names.map((name) => startNode(name, namespaces)))
  await eventually('all nodes know all Services', async () =>
    networks.every((network) => (network.snapshot()?.services.size ?? 0) >= services && network.appliedVersion > 0),
  )
  const changes: Promise<number>[] = []
  for (let number = 1; number <= CHANGES; number++) {
    changes.push(change(number * 7, networks))
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  const times = await Promise.all(changes)
  console.log(
    `${services} Services, ${endpoints} endpoints, ${nodes} nodes of ${pods} Pods: a change is applied everywhere after ` +
      `p50 ${percentile(times, 50).toFixed(0)} ms, p99 ${percentile(times, 99).toFixed(0)} ms (goal <= ${GOAL_MS})`,
  )
} finally {
  await namespaces.close()
  await core.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
