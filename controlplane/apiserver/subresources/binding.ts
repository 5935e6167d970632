import { ApiError, type FieldError, type Status } from '../../../shared/api/api-error.ts'
import type { Binding } from '../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Handler } from '../handler.ts'
import { value } from '../http/answer.ts'
import { agreeWithTarget, readObject } from '../request/body-of-kind.ts'
import type { Expected } from '../request/decode-body.ts'
import { readWriteOptions } from '../request/write-query.ts'
import type { Subresource } from './subresource.ts'

const EXPECTED: Expected = { apiVersions: ['v1'], kind: 'Binding', type: 'core.v1.Binding' }
export const BINDING = { group: '', version: 'v1', kind: 'Binding' }

/** Also serves `POST .../bindings`, whose body alone names the Pod. */
export const createBinding: Handler = async (request, { registry }) => {
  const { query, userAgent, warn, target } = request
  const options = readWriteOptions(query, userAgent, warn)
  const binding = agreeWithTarget(await readObject(request, EXPECTED), request) as Binding & KubeObject
  validate(binding)
  await request.authorizeWrite(binding)
  const key = {
    ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
    name: binding.metadata.name ?? '',
  }
  await registry.update(PODS, key, (pod) => bound(pod as Persisted<Pod>, binding), { ...options, area: 'binding' })
  return value(201, SUCCESS)
}

export const SUCCESS: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

export const binding: Subresource = {
  name: 'binding',
  isServedFor: (kind) => kind.type === PODS.type,
  representation: BINDING,
  handlers: { create: createBinding },
}

function bound(pod: Persisted<Pod>, { metadata, target }: Binding & KubeObject): Pod {
  if (metadata.uid && metadata.uid !== pod.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`
    throw ApiError.conflict(PODS, pod.metadata.name, why)
  }
  const { resourceVersion = pod.metadata.resourceVersion } = metadata
  const annotations = { ...pod.metadata.annotations, ...metadata.annotations }
  const nodeName = target.name ?? ''
  return { ...pod, metadata: { ...pod.metadata, resourceVersion, annotations }, spec: { ...pod.spec, nodeName } }
}

function validate({ metadata, target }: Binding & KubeObject): void {
  const errors: FieldError[] = []
  if (target?.kind && target.kind !== 'Node') {
    const message = `Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`
    errors.push({ field: 'target.kind', reason: 'FieldValueNotSupported', message })
  }
  if (!target?.name) errors.push({ field: 'target.name', reason: 'FieldValueRequired', message: 'Required value' })
  if (!metadata.name) errors.push({ field: 'metadata.name', reason: 'FieldValueRequired', message: 'Required value' })
  if (errors.length > 0) throw ApiError.invalid({ ...BINDING, plural: 'bindings' }, metadata.name ?? '', errors)
}
