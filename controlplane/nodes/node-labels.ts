import type { NodeReport } from '../../shared/protocol/frames.ts'
import { isReservedNodeLabel } from '../../shared/reserved-node-labels.ts'
import { HOSTNAME_LABEL } from '../../shared/topology-labels.ts'

/** Labels that every Node has, and gets back when somebody takes them away. */
export function standardLabels(nodeName: string, report: NodeReport): Record<string, string> {
  const { operatingSystem, architecture } = report.status.nodeInfo ?? {}
  return {
    [HOSTNAME_LABEL]: nodeName,
    ...(operatingSystem ? byBothNames('os', operatingSystem) : {}),
    ...(architecture ? byBothNames('arch', architecture) : {}),
  }
}

/** Under the name of Kubernetes 1.14 and, as Kubernetes still does, the one before: older manifests select by that. */
function byBothNames(label: string, value: string): Record<string, string> {
  return { [`kubernetes.io/${label}`]: value, [`beta.kubernetes.io/${label}`]: value }
}

/** What an agent may give a new Node; `refused` are those that only the cluster's admin may set. */
export function ownLabels(report: NodeReport): { labels: Record<string, string>; refused: string[] } {
  const entries = Object.entries(report.labels)
  return {
    labels: Object.fromEntries(entries.filter(([label]) => !isReservedNodeLabel(label))),
    refused: entries.map(([label]) => label).filter(isReservedNodeLabel),
  }
}
