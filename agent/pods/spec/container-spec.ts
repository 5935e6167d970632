import type { Container, EphemeralContainer } from '../../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../../shared/quantity.ts'
import type { ContainerSpec, ImageState } from '../../runtime/runtime.ts'
import type { StartContainer } from '../plan.ts'
import { BACKOFF_ANNOTATION } from '../restart-backoff.ts'
import { specHash } from '../spec-hash.ts'
import { ContainerConfigError } from './container-config-error.ts'
import { containerResources } from './container-resources.ts'
import { containerEnvironment, type EnvironmentSources } from './environment.ts'
import { namespacesOf } from './namespaces.ts'
import { oomScoreAdj } from './oom-score.ts'
import { identityOf } from './pod-identity.ts'
import { securityContextOf } from './security-context.ts'
import { expandVariables } from './variable-expansion.ts'
import { volumeMounts } from './volume-mounts.ts'

/** What the runtime shall make of a container. Throws ContainerConfigError where the spec cannot be met for now. */
export function containerSpec(
  { container, restartCount, backoffMs, targetId }: StartContainer,
  sandboxId: string,
  image: ImageState,
  sources: EnvironmentSources,
): ContainerSpec {
  const environment = containerEnvironment(container, sources)
  const expand = (texts: string[]) => texts.map((text) => expandVariables(text, (name) => environment.get(name)))
  return {
    pod: identityOf(sources.pod),
    sandboxId,
    name: container.name,
    restartCount,
    specHash: specHash(container),
    image: container.image ?? '',
    imageId: image.id,
    ...(image.digests[0] === undefined ? {} : { imageDigest: image.digests[0] }),
    ...(container.command?.length ? { command: expand(container.command) } : {}),
    ...(container.args?.length ? { args: expand(container.args) } : {}),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    env: [...environment].map(([name, value]) => ({ name, value })),
    resources: containerResources(container),
    oomScoreAdj: oomScoreAdj(sources.pod, container, parseUnits(sources.allocatable.memory)),
    tty: container.tty ?? false,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    mounts: volumeMounts(container, sources.pod, environment),
    ...(sources.pod.spec ? { namespaces: namespacesOf(sources.pod.spec) } : {}),
    ...targetOf(container, targetId),
    securityContext: securityContextOf(sources.pod, container, image),
    ...terminationMessageOf(container, sources),
    ...(container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
    annotations: backoffMs > 0 ? { [BACKOFF_ANNOTATION]: String(backoffMs) } : {},
  }
}

/** An ephemeral container may ask to see another's processes, which has to run then. */
function targetOf(container: Container, targetId: string | undefined): Pick<ContainerSpec, 'processesOf'> {
  const { targetContainerName } = container as EphemeralContainer
  if (!targetContainerName) return {}
  if (targetId === undefined) throw new ContainerConfigError(`unable to find target container ${targetContainerName}`)
  return { processesOf: targetId }
}

/** Where the container may leave a message when it ends. */
function terminationMessageOf(
  { name, terminationMessagePath: path }: Container,
  { pod }: EnvironmentSources,
): Pick<ContainerSpec, 'terminationMessage'> {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {}
  const all = [...initContainers, ...containers, ...ephemeralContainers]
  const file = all.findIndex((container) => container.name === name)
  return path && file >= 0 ? { terminationMessage: { path, file } } : {}
}
