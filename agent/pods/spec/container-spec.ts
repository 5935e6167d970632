import type { Container, EphemeralContainer } from '../../../shared/api/generated/core-v1.ts'
import { parseUnits } from '../../../shared/quantity.ts'
import type { ContainerSpec, ImageState } from '../../runtime/runtime.ts'
import type { StartContainer } from '../plan.ts'
import { BACKOFF_ANNOTATION } from '../restart-backoff.ts'
import { specHash } from '../spec-hash.ts'
import { type ClaimSources, groupsOfClaims } from './claim-groups.ts'
import { ContainerConfigError } from './container-config-error.ts'
import { containerResources } from './container-resources.ts'
import { containerEnvironment, type Environment, type EnvironmentSources, expandIn } from './environment.ts'
import { namespacesOf } from './namespaces.ts'
import { oomScoreAdj } from './oom-score.ts'
import { identityOf } from './pod-identity.ts'
import { securityContextOf } from './security-context.ts'
import { volumeMounts } from './volume-mounts.ts'

/** What a container's spec refers to. */
export interface ContainerSources extends EnvironmentSources, ClaimSources {}

/** What the runtime shall make of a container. Throws ContainerConfigError where the spec cannot be met for now. */
export function containerSpec(
  { container, restartCount, backoffMs, targetId }: StartContainer,
  sandboxId: string,
  image: ImageState,
  sources: ContainerSources,
): ContainerSpec {
  const environment = containerEnvironment(container, sources)
  return {
    pod: identityOf(sources.pod),
    sandboxId,
    name: container.name,
    restartCount,
    specHash: specHash(container),
    image: container.image ?? '',
    imageId: image.id,
    ...(image.digests[0] === undefined ? {} : { imageDigest: image.digests[0] }),
    ...commandOf(container, environment),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    ...variablesOf(environment),
    resources: containerResources(container),
    oomScoreAdj: oomScoreAdj(sources.pod, container, parseUnits(sources.allocatable.memory)),
    tty: container.tty ?? false,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    mounts: volumeMounts(container, sources.pod, valuesOf(environment)),
    ...(sources.pod.spec ? { namespaces: namespacesOf(sources.pod.spec) } : {}),
    ...targetOf(container, targetId),
    securityContext: securityContextOf(sources.pod, container, image, groupsOfClaims(sources.pod, sources)),
    ...terminationMessageOf(container, sources),
    ...(container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
    annotations: backoffMs > 0 ? { [BACKOFF_ANNOTATION]: String(backoffMs) } : {},
  }
}

function commandOf(
  { command = [], args = [] }: Container,
  environment: Environment,
): Pick<ContainerSpec, 'command' | 'args' | 'hasSecretCommand'> {
  const expand = (texts: string[]) => texts.map((text) => expandIn(environment, text))
  const [program, rest] = [expand(command), expand(args)]
  return {
    ...(program.length > 0 ? { command: program.map(({ value }) => value) } : {}),
    ...(rest.length > 0 ? { args: rest.map(({ value }) => value) } : {}),
    ...([...program, ...rest].some(({ isSecret }) => isSecret) ? { hasSecretCommand: true } : {}),
  }
}

function variablesOf(environment: Environment): Pick<ContainerSpec, 'env' | 'secretEnv'> {
  const some = (areSecret: boolean) => {
    const chosen = [...environment].filter(([, { isSecret }]) => isSecret === areSecret)
    return chosen.map(([name, { value }]) => ({ name, value }))
  }
  const secretEnv = some(true)
  return { env: some(false), ...(secretEnv.length > 0 ? { secretEnv } : {}) }
}

function valuesOf(environment: Environment): Map<string, string> {
  return new Map([...environment].map(([name, { value }]) => [name, value]))
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
