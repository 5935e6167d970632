import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  Secret,
} from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import { ContainerConfigError } from './container-config-error.ts'
import { type DownwardFacts, fieldValue, resourceValue } from './field-reference.ts'
import { serviceEnvironment } from './service-environment.ts'
import { expandVariables } from './variable-expansion.ts'

export interface EnvironmentSources extends DownwardFacts {
  /** Of the Pod's namespace. */
  configMap(name: string): ConfigMap | undefined
  secret(name: string): Secret | undefined
  /** All of the cluster; undefined while they are not known. */
  services(): Iterable<Service> | undefined
}

/** What a variable or another text of a container's spec is made into. */
export interface Expanded {
  value: string
  /** Something of it is a Secret's. */
  isSecret: boolean
}

export type Environment = ReadonlyMap<string, Expanded>

/**
 * A container's environment: what tells of Services first, then `envFrom`, then `env` in order, where later ones replace
 * earlier ones and may use them as `$(NAME)`. Throws ContainerConfigError where something it needs is missing.
 */
export function containerEnvironment(container: Container, sources: EnvironmentSources): Environment {
  const environment = new Map<string, Expanded>()
  for (const [name, value] of ofServices(sources)) environment.set(name, { value, isSecret: false })
  for (const source of container.envFrom ?? []) {
    const isSecret = source.secretRef !== undefined
    for (const [name, value] of importedValues(source, sources)) {
      environment.set(`${source.prefix ?? ''}${name}`, { value, isSecret })
    }
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, container, sources, environment)
    if (value !== undefined) environment.set(variable.name, value)
  }
  return environment
}

/** Replaces `$(NAME)` by what that is in an environment. */
export function expandIn(environment: Environment, text: string): Expanded {
  let isSecret = false
  const value = expandVariables(text, (name) => {
    const found = environment.get(name)
    isSecret ||= found?.isSecret ?? false
    return found?.value
  })
  return { value, isSecret }
}

function ofServices({ pod, services }: EnvironmentSources): Map<string, string> {
  const known = services()
  if (!known) throw new ContainerConfigError('services have not yet been read at least once, cannot construct envvars')
  return serviceEnvironment(known, pod.metadata.namespace ?? '', pod.spec?.enableServiceLinks ?? true)
}

function variableValue(
  { value, valueFrom }: EnvVar,
  container: Container,
  sources: EnvironmentSources,
  before: Environment,
): Expanded | undefined {
  if (!valueFrom) return expandIn(before, value ?? '')
  const found = referredValue(valueFrom, container, sources)
  return found === undefined ? undefined : { value: found, isSecret: valueFrom.secretKeyRef !== undefined }
}

function referredValue(
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef }: EnvVarSource,
  container: Container,
  sources: EnvironmentSources,
): string | undefined {
  if (fieldRef) return fieldValue(sources, fieldRef.fieldPath)
  if (resourceFieldRef) return resourceValue(sources, container, resourceFieldRef)
  if (configMapKeyRef) return keyed('ConfigMap', configMapKeyRef, sources)
  if (secretKeyRef) return keyed('Secret', secretKeyRef, sources)
  throw new ContainerConfigError('env.valueFrom names no source')
}

function keyed(
  kind: 'ConfigMap' | 'Secret',
  { name = '', key, optional }: { name?: string; key: string; optional?: boolean },
  sources: EnvironmentSources,
): string | undefined {
  const values = kind === 'ConfigMap' ? configMapValues(sources.configMap(name)) : secretValues(sources.secret(name))
  const value = values && Object.hasOwn(values, key) ? values[key] : undefined
  if (value !== undefined || optional) return value
  if (!values) throw new ContainerConfigError(`${kind.toLowerCase()} "${name}" not found`)
  const { namespace } = sources.pod.metadata
  throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`)
}

function importedValues({ configMapRef, secretRef }: EnvFromSource, sources: EnvironmentSources): [string, string][] {
  if (configMapRef)
    return imported('configmap', configMapRef, configMapValues(sources.configMap(configMapRef.name ?? '')))
  if (secretRef) return imported('secret', secretRef, secretValues(sources.secret(secretRef.name ?? '')))
  return []
}

function imported(
  what: string,
  { name = '', optional }: { name?: string; optional?: boolean },
  values: Record<string, string> | undefined,
): [string, string][] {
  if (values) return Object.entries(values)
  if (optional) return []
  throw new ContainerConfigError(`${what} "${name}" not found`)
}

function configMapValues(configMap: ConfigMap | undefined): Record<string, string> | undefined {
  return configMap && (configMap.data ?? {})
}

function secretValues(secret: Secret | undefined): Record<string, string> | undefined {
  if (!secret) return undefined
  const decode = (value: string) => Buffer.from(value, 'base64').toString('utf8')
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)]))
}
