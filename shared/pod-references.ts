import type { Container, EphemeralContainer, PodSpec, Volume } from './api/generated/core-v1.ts'

/** Names of the objects, in the Pod's own namespace, that a node needs to run it. */
export interface PodReferences {
  readonly configMaps: ReadonlySet<string>
  readonly secrets: ReadonlySet<string>
}

/** Everything that a Pod's containers, volumes and image pulls refer to, whether it must exist or is optional. */
export function podReferences(spec: PodSpec | undefined): PodReferences {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  if (spec) {
    const found = [...containersOf(spec).flatMap(ofContainer), ...(spec.volumes ?? []).flatMap(ofVolume)]
    for (const { configMap, secret } of found) {
      if (configMap) configMaps.add(configMap)
      if (secret) secrets.add(secret)
    }
    for (const { name } of spec.imagePullSecrets ?? []) if (name) secrets.add(name)
  }
  return { configMaps, secrets }
}

interface Reference {
  configMap?: string | undefined
  secret?: string | undefined
}

type AnyContainer = Pick<Container | EphemeralContainer, 'env' | 'envFrom'>

function containersOf(spec: PodSpec): AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}

function ofContainer(container: AnyContainer): Reference[] {
  return [
    ...(container.env ?? []).map(({ valueFrom }) => ({
      configMap: valueFrom?.configMapKeyRef?.name,
      secret: valueFrom?.secretKeyRef?.name,
    })),
    ...(container.envFrom ?? []).map((source) => ({
      configMap: source.configMapRef?.name,
      secret: source.secretRef?.name,
    })),
  ]
}

function ofVolume(volume: Volume): Reference[] {
  return [
    { configMap: volume.configMap?.name, secret: volume.secret?.secretName },
    ...(volume.projected?.sources ?? []).map((source) => ({
      configMap: source.configMap?.name,
      secret: source.secret?.name,
    })),
  ]
}
