import type { NodeSystemInfo } from '../../../shared/api/generated/core-v1.ts'
import type { Node } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, nameColumn, orNone, wideColumn } from './common-columns.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'
const ROLE_LABEL = 'kubernetes.io/role'

export const nodeColumns: readonly TableColumn<Node>[] = [
  nameColumn,
  column('Status', 'Whether the node is ready, and open for new Pods.', statusOf),
  column('Roles', 'The roles that its labels give the node.', (node) => orNone(rolesOf(node).join(','))),
  ageColumn,
  column('Version', 'The version that the agent reports.', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
  wideColumn('Internal-IP', 'Its address inside the cluster.', (node) => orNone(addressOf(node, 'InternalIP'))),
  wideColumn('External-IP', 'Its address outside the cluster.', (node) => orNone(addressOf(node, 'ExternalIP'))),
  wideColumn('OS-Image', 'Its operating system.', (node) => fact(node, 'osImage')),
  wideColumn('Kernel-Version', 'Its kernel.', (node) => fact(node, 'kernelVersion')),
  wideColumn('Container-Runtime', 'What runs its containers.', (node) => fact(node, 'containerRuntimeVersion')),
]

function statusOf({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const words = [!ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function rolesOf({ metadata }: Node): string[] {
  const roles = Object.entries(metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length)
    return key === ROLE_LABEL ? value : ''
  })
  return [...new Set(roles.filter(Boolean))].sort()
}

function addressOf({ status }: Node, wanted: string): string | undefined {
  return status?.addresses?.find(({ type }) => type === wanted)?.address
}

function fact({ status }: Node, field: Exclude<keyof NodeSystemInfo, 'swap'>): string {
  return status?.nodeInfo?.[field] || '<unknown>'
}
