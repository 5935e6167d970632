import type { DeleteOptions } from '../../../shared/api/generated/meta-v1.ts'
import type { WriteOptions } from '../../registry/registry.ts'
import { decodeBody, type Expected } from './decode-body.ts'
import type { Query } from './query.ts'
import type { ResourceRequest } from './resource-request.ts'
import { isDryRun, readFieldValidation, readWriteOptions } from './write-query.ts'

/** Every group has a DeleteOptions of its own; they are all this one. */
function expectedFor({ kind }: ResourceRequest): Expected {
  const ownVersion = kind.group ? [`${kind.group}/${kind.version}`] : []
  return { apiVersions: ['v1', 'meta.k8s.io/v1', ...ownVersion], kind: 'DeleteOptions', type: 'meta.v1.DeleteOptions' }
}

/** The options of a deletion, from the body; where there is none, from the query. */
export async function readDeleteOptions(request: ResourceRequest): Promise<WriteOptions & { delete: DeleteOptions }> {
  const { query, userAgent, warn } = request
  const options = readWriteOptions(query, userAgent, warn)
  const body = await request.body()
  if (body.bytes.length === 0) return { ...options, delete: fromQuery(query) }
  const strictness = { validation: readFieldValidation(query), warn }
  const { apiVersion: _apiVersion, kind: _kind, ...decoded } = decodeBody(body, expectedFor(request), strictness)
  const deletion = decoded as DeleteOptions
  return { ...options, dryRun: options.dryRun || isDryRun(deletion.dryRun ?? []), delete: deletion }
}

function fromQuery(query: Query): DeleteOptions {
  const gracePeriodSeconds = query.integer('gracePeriodSeconds', Number.MIN_SAFE_INTEGER)
  const propagationPolicy = query.text('propagationPolicy')
  const orphanDependents = query.optionalFlag('orphanDependents')
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
  }
}
