import { ApiError } from '../../../shared/api/api-error.ts'
import type { ReplicaSetSpec, ReplicaSetStatus } from '../../../shared/api/generated/apps-v1.ts'
import type { Scale } from '../../../shared/api/generated/autoscaling-v1.ts'
import { DEPLOYMENTS, type Kind, REPLICA_SETS } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import { formatLabelSelector } from '../../../shared/format-label-selector.ts'
import type { TableColumn } from '../../registry/strategy.ts'
import { ageColumn, countColumn, nameColumn } from '../../registry/tables/common-columns.ts'
import type { Handler } from '../handler.ts'
import type { Answer } from '../http/answer.ts'
import { readPatch } from '../patch/read-patch.ts'
import { agreeWithTarget, readObject } from '../request/body-of-kind.ts'
import type { Expected } from '../request/decode-body.ts'
import { keyOfTarget, type ResourceRequest } from '../request/resource-request.ts'
import { readFieldValidation, readWriteOptions } from '../request/write-query.ts'
import type { Services } from '../services.ts'
import type { Subresource } from './subresource.ts'

const EXPECTED: Expected = { apiVersions: ['autoscaling/v1'], kind: 'Scale', type: 'autoscaling.v1.Scale' }
const SCALABLE: readonly Kind[] = [DEPLOYMENTS, REPLICA_SETS]

const COLUMNS: readonly TableColumn<Scale & KubeObject>[] = [
  nameColumn,
  countColumn('Desired', 'How many Pods there should be.', ({ spec }) => spec?.replicas ?? 0),
  countColumn('Available', 'How many Pods there are.', ({ status }) => status?.replicas ?? 0),
  ageColumn,
]

/** A kind with a number of Pods and a selector that finds them. */
interface Scalable extends KubeObject {
  spec?: Pick<ReplicaSetSpec, 'replicas' | 'selector'>
  status?: Pick<ReplicaSetStatus, 'replicas'>
}

const get: Handler = async ({ kind, target }, { registry }) => {
  const { object } = await registry.get(kind, keyOfTarget(target))
  return answerOf(object)
}

const update: Handler = async (request, services) => {
  const wanted = agreeWithTarget(await readObject(request, EXPECTED), request) as Scale & KubeObject
  return write(request, services, () => wanted)
}

const patch: Handler = async (request, services) => {
  const wanted = readPatch(await request.body(), EXPECTED)
  const strictness = { validation: readFieldValidation(request.query), warn: request.warn }
  return write(request, services, (current) => {
    return agreeWithTarget(wanted.apply(current, strictness), request) as Scale & KubeObject
  })
}

export const scale: Subresource = {
  name: 'scale',
  isServedFor: (kind) => SCALABLE.includes(kind),
  representation: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  handlers: { get, update, patch },
}

async function write(request: ResourceRequest, { registry }: Services, change: (current: Scale) => Scale & KubeObject) {
  const { kind, target, query, userAgent, warn } = request
  const options = readWriteOptions(query, userAgent, warn)
  const { object } = await registry.update(
    kind,
    keyOfTarget(target),
    async (current) => {
      const before = scaleOf(current)
      const wanted = change(before)
      await request.authorizeWrite(wanted, before)
      return withReplicas(current, wanted)
    },
    options,
  )
  return answerOf(object)
}

function answerOf(object: Persisted<KubeObject>): Answer {
  return { type: 'part', object: scaleOf(object) as Persisted<KubeObject>, columns: COLUMNS as readonly TableColumn[] }
}

function withReplicas(current: Persisted<KubeObject>, { metadata, spec }: Scale & KubeObject): KubeObject {
  const replicas = spec?.replicas ?? 0
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw ApiError.invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, current.metadata.name, [
      { field: 'spec.replicas', reason: 'FieldValueInvalid', message },
    ])
  }
  const { resourceVersion = current.metadata.resourceVersion } = metadata
  const scalable: Scalable = current
  return {
    ...current,
    metadata: { ...current.metadata, resourceVersion },
    spec: { ...scalable.spec, replicas },
  } as KubeObject
}

function scaleOf(object: Persisted<KubeObject>): Scale {
  const { spec, status }: Scalable = object
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0, selector: formatLabelSelector(spec?.selector) },
  }
}
