import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Secret,
  Volume,
  VolumeProjection,
} from '../../shared/api/generated/core-v1.ts'
import { ContainerConfigError } from '../pods/spec/container-config-error.ts'
import type { EnvironmentSources } from '../pods/spec/environment.ts'
import { fieldValue, resourceValue } from '../pods/spec/field-reference.ts'
import type { VolumeFile } from '../runtime/runtime.ts'
import { VolumeError } from './volume-error.ts'

const DEFAULT_MODE = 0o644

/** True for volumes whose files come from the API. */
export function isFileVolume({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return Boolean(configMap ?? secret ?? downwardAPI ?? projected)
}

/** The files of a ConfigMap, Secret, downward API or projected volume. Throws VolumeError for what is missing. */
export function projectedFiles(volume: Volume, sources: EnvironmentSources): VolumeFile[] {
  const { configMap, secret, downwardAPI, projected } = volume
  const { defaultMode = DEFAULT_MODE } = configMap ?? secret ?? downwardAPI ?? projected ?? {}
  const projections = projected?.sources ?? [sourceOf(volume)]
  const { files, errors } = collect(projections, defaultMode, sources)
  if (errors.length > 0) throw new VolumeError(errors.length === 1 ? `${errors[0]}` : `[${errors.join(', ')}]`)
  const { fsGroup } = sources.pod.spec?.securityContext ?? {}
  return fsGroup === undefined ? files : files.map((file) => ({ ...file, mode: file.mode | 0o440, group: fsGroup }))
}

/** A volume of one source as a projection of it. */
function sourceOf({ configMap, secret, downwardAPI }: Volume): VolumeProjection {
  if (secret) {
    const { secretName, defaultMode: _, ...rest } = secret
    return { secret: { ...rest, ...(secretName === undefined ? {} : { name: secretName }) } }
  }
  return { ...(configMap ? { configMap } : {}), ...(downwardAPI ? { downwardAPI } : {}) }
}

/** All sources are looked at, so that the user learns of all that is missing. Of several files at one path the last stays. */
function collect(projections: readonly VolumeProjection[], defaultMode: number, sources: EnvironmentSources) {
  const files = new Map<string, VolumeFile>()
  const errors: string[] = []
  for (const projection of projections) {
    try {
      for (const file of filesOf(projection, defaultMode, sources)) files.set(file.path, file)
    } catch (error) {
      // What a Pod asks of its own fields may be wrong in the same ways as in its environment.
      if (!(error instanceof VolumeError || error instanceof ContainerConfigError)) throw error
      errors.push(error.message)
    }
  }
  return { files: [...files.values()], errors }
}

function filesOf(projection: VolumeProjection, defaultMode: number, sources: EnvironmentSources): VolumeFile[] {
  const { configMap, secret, downwardAPI } = projection
  if (configMap) {
    const object = sources.configMap(configMap.name ?? '')
    return keyedFiles('configmap', configMap, object && configMapBytes(object), defaultMode)
  }
  if (secret) {
    const object = sources.secret(secret.name ?? '')
    return keyedFiles('secret', secret, object && secretBytes(object), defaultMode)
  }
  return (downwardAPI?.items ?? []).map((item) => ({
    path: item.path,
    mode: item.mode ?? defaultMode,
    content: Buffer.from(downwardValue(item, sources)),
  }))
}

interface KeyedSource {
  name?: string
  items?: KeyToPath[]
  optional?: boolean
}

function keyedFiles(
  what: 'configmap' | 'secret',
  { name = '', items, optional = false }: KeyedSource,
  values: Map<string, Buffer> | undefined,
  defaultMode: number,
): VolumeFile[] {
  if (!values && !optional) throw new VolumeError(`${what} "${name}" not found`)
  const known = values ?? new Map<string, Buffer>()
  const wanted: KeyToPath[] = items?.length ? items : [...known.keys()].map((key) => ({ key, path: key }))
  return wanted.flatMap(({ key, path, mode = defaultMode }) => {
    const content = known.get(key)
    if (content) return [{ path, mode, content }]
    if (optional) return []
    throw new VolumeError(`references non-existent ${what === 'configmap' ? 'config' : 'secret'} key: ${key}`)
  })
}

function configMapBytes({ data = {}, binaryData = {} }: ConfigMap): Map<string, Buffer> {
  const texts = Object.entries(data).map(([key, text]): [string, Buffer] => [key, Buffer.from(text)])
  return new Map([...texts, ...decoded(binaryData)])
}

function secretBytes({ data = {} }: Secret): Map<string, Buffer> {
  return new Map(decoded(data))
}

function decoded(values: Record<string, string>): [string, Buffer][] {
  return Object.entries(values).map(([key, base64]) => [key, Buffer.from(base64, 'base64')])
}

function downwardValue({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, sources: EnvironmentSources): string {
  const { metadata, spec } = sources.pod
  if (resourceFieldRef) {
    const [first = { name: '' }] = spec?.containers ?? []
    return resourceValue(sources, first, resourceFieldRef)
  }
  if (fieldRef?.fieldPath === 'metadata.labels') return lines(metadata.labels)
  if (fieldRef?.fieldPath === 'metadata.annotations') return lines(metadata.annotations)
  return fieldValue(sources, fieldRef?.fieldPath ?? '')
}

/** `key="value"`, sorted. */
function lines(values: Readonly<Record<string, string>> = {}): string {
  return Object.keys(values)
    .sort()
    .map((key) => `${key}=${JSON.stringify(values[key])}`)
    .join('\n')
}
