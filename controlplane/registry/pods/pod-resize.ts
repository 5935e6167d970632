import type { Container, PodSpec, ResourceRequirements } from '../../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { qosClassOf } from '../../../shared/qos-class.ts'
import { cloneJson } from '../clone-json.ts'
import { jsonEqual } from '../json-equal.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

const RESIZABLE = ['cpu', 'memory']

/** The current Pod with the resources of the one that was handed in, and nothing else of it. */
export function resizedPod(current: Persisted<Pod>, proposed: Pod): Pod {
  const pod = cloneJson<Pod>(current)
  for (const field of ['containers', 'initContainers'] as const) {
    for (const container of pod.spec[field] ?? []) {
      const wanted = proposed.spec[field]?.find(({ name }) => name === container.name)
      if (wanted?.resources) container.resources = cloneJson(wanted.resources)
    }
  }
  return pod
}

/** Of a Pod that may run, only what its containers and sidecars have of cpu and memory changes, and nothing is taken off. */
export function validateResize(proposed: Pod, pod: Pod, current: Persisted<Pod>, errors: FieldErrors): void {
  validateNames(proposed.spec, current.spec, errors)
  if (qosClassOf(pod.spec) !== qosClassOf(current.spec)) {
    const why = 'Pod QOS Class may not change as a result of resizing'
    errors.invalid('spec', qosClassOf(current.spec), why)
  }
  for (const [index, container] of (pod.spec.initContainers ?? []).entries()) {
    const before = current.spec.initContainers?.[index] ?? container
    if (container.restartPolicy === 'Always') {
      validateContainer(container, before, `spec.initContainers[${index}].resources`, ' for sidecar containers', errors)
    } else if (!jsonEqual(container.resources, before.resources)) {
      errors.forbidden('spec', 'resources for non-sidecar init containers are immutable')
    }
  }
  for (const [index, container] of pod.spec.containers.entries()) {
    const before = current.spec.containers[index] ?? container
    validateContainer(container, before, `spec.containers[${index}].resources`, '', errors)
  }
}

function validateNames(proposed: PodSpec, current: PodSpec, errors: FieldErrors): void {
  for (const field of ['containers', 'initContainers'] as const) {
    const names = (spec: PodSpec) => (spec[field] ?? []).map(({ name }) => name)
    if (jsonEqual(names(proposed), names(current))) continue
    errors.forbidden('spec', 'containers may not be renamed or reordered on resize')
  }
}

function validateContainer(now: Container, before: Container, path: string, of: string, errors: FieldErrors): void {
  for (const part of ['requests', 'limits'] as const) {
    const removed = Object.keys(before.resources?.[part] ?? {}).some((name) => !now.resources?.[part]?.[name])
    if (removed) errors.forbidden(`${path}.${part}`, `resource ${part} cannot be removed`)
  }
  if (jsonEqual(unresizable(now.resources), unresizable(before.resources))) return
  errors.forbidden('spec', `only cpu and memory resources${of} are mutable`)
}

function unresizable({ requests = {}, limits = {}, claims = [] }: ResourceRequirements = {}): object {
  const others = (amounts: Record<string, string>) =>
    Object.fromEntries(Object.entries(amounts).filter(([name]) => !RESIZABLE.includes(name)))
  return { requests: others(requests), limits: others(limits), claims }
}
