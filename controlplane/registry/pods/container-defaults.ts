import type { Container, Lifecycle, Probe, ResourceRequirements } from '../../../shared/api/generated/core-v1.ts'
import { roundUpToMilli } from '../../../shared/quantity.ts'

/** What Kubernetes fills in for a container, in a Pod as in a template. */
export function applyContainerDefaults(container: Container): void {
  container.imagePullPolicy ??= defaultPullPolicy(container.image ?? '')
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.resources ??= {}
  roundUp(container.resources)
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ??= 'v1'
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0'
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) applyProbeDefaults(probe)
  }
  if (container.lifecycle) applyLifecycleDefaults(container.lifecycle)
}

/** What a tag can be replaced by must be asked for again. */
function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const [name = '', digest] = image.split('@')
  const tag = name.slice(name.lastIndexOf('/') + 1).split(':')[1]
  return tag === 'latest' || (!tag && !digest) ? 'Always' : 'IfNotPresent'
}

/** No amount is finer than a thousandth. */
export function roundUp({ limits = {}, requests = {} }: ResourceRequirements): void {
  for (const amounts of [limits, requests]) {
    for (const [name, amount] of Object.entries(amounts)) amounts[name] = roundUpToMilli(amount)
  }
}

function applyProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet) applyHttpGetDefaults(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function applyLifecycleDefaults({ postStart, preStop }: Lifecycle): void {
  for (const handler of [postStart, preStop]) if (handler?.httpGet) applyHttpGetDefaults(handler.httpGet)
}

function applyHttpGetDefaults(action: { path?: string; scheme?: string }): void {
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}
