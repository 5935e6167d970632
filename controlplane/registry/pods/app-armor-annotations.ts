import type { AppArmorProfile, Container, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

type Annotations = Readonly<Record<string, string>>

/** The way to name a container's AppArmor profile before there was a field; followed by the container's name. */
const PREFIX = 'container.apparmor.security.beta.kubernetes.io/'
const LOCALHOST = 'localhost/'

/** Fills the field from the annotation, for each container that has only that. */
export function applyAppArmorAnnotations(spec: PodSpec, annotations: Annotations = {}): void {
  for (const { container } of containersOf(spec, '')) {
    const profile = profileOf(annotations[PREFIX + container.name])
    if (!profile || container.securityContext?.appArmorProfile) continue
    container.securityContext = { ...container.securityContext, appArmorProfile: profile }
  }
}

/** What the sender of such annotations is told; `path` is where they are. */
export function appArmorWarnings(annotations: Annotations = {}, path: string): string[] {
  const keys = Object.keys(annotations).filter((key) => key.startsWith(PREFIX))
  return keys.map((key) => `${path}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
}

/** `specPath` and `annotationsPath` are where they are. */
export function validateAppArmorAnnotations(
  spec: PodSpec,
  specPath: string,
  annotations: Annotations = {},
  annotationsPath: string,
  errors: FieldErrors,
): void {
  const containers = containersOf(spec, specPath)
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(PREFIX)) continue
    const name = key.slice(PREFIX.length)
    const found = containers.find(({ container }) => container.name === name)
    if (!found) errors.invalid(`${annotationsPath}[${key}]`, name, 'container not found')
    if (value !== '' && !profileOf(value)) {
      errors.invalid(`${annotationsPath}[${key}]`, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`)
    } else if (found) validateMatch(found, spec, value, errors)
  }
}

/** A running Pod's profiles are what they are. */
export function validateAppArmorUnchanged(
  annotations: Annotations = {},
  before: Annotations = {},
  errors: FieldErrors,
) {
  const keys = [...new Set([...Object.keys(annotations), ...Object.keys(before)])].filter((key) =>
    key.startsWith(PREFIX),
  )
  for (const key of keys) {
    if (annotations[key] === before[key]) continue
    const what = before[key] === undefined ? 'add' : 'remove or update'
    errors.forbidden(`metadata.annotations[${key}]`, `may not ${what} AppArmor annotations`)
  }
}

function validateMatch({ container, path }: Found, spec: PodSpec, annotation: string, errors: FieldErrors): void {
  const field = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
  const profile = profileOf(annotation)
  if (!field || !profile) return
  const at = `${path}.securityContext.appArmorProfile`
  if (field.type !== profile.type) {
    errors.forbidden(`${at}.type`, 'apparmor type in annotation and field must match')
  } else if (field.localhostProfile !== profile.localhostProfile) {
    errors.forbidden(`${at}.localhostProfile`, 'apparmor profile in annotation and field must match')
  }
}

function profileOf(annotation: string | undefined): AppArmorProfile | undefined {
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (!annotation?.startsWith(LOCALHOST)) return undefined
  return { type: 'Localhost', localhostProfile: annotation.slice(LOCALHOST.length) }
}

interface Found {
  container: Pick<Container, 'name' | 'securityContext'>
  path: string
}

function containersOf(spec: PodSpec, path: string): Found[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, path: `${path}.${list}[${index}]` })),
  )
}
