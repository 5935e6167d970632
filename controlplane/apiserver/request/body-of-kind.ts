import { ApiError } from '../../../shared/api/api-error.ts'
import { apiVersionOf, type Kind } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import { decodeBody, type Expected } from './decode-body.ts'
import type { ResourceRequest } from './resource-request.ts'
import { readFieldValidation } from './write-query.ts'

/** What a body of this kind must be. */
export function expectedOf(kind: Kind): Expected {
  return { apiVersions: [apiVersionOf(kind)], kind: kind.kind, type: kind.type }
}

/** Reads the body as an object of the kind; `metadata` is there even where the body has none. */
export async function readObject(request: ResourceRequest, expected: Expected): Promise<KubeObject> {
  const strictness = { validation: readFieldValidation(request.query), warn: request.warn }
  const object = decodeBody(await request.body(), expected, strictness)
  return { metadata: {}, ...object }
}

/** @throws ApiError 400 where body and address speak of different objects; what the body leaves out is filled in */
export function agreeWithTarget(object: KubeObject, { target, kind }: ResourceRequest): KubeObject {
  const metadata = { ...object.metadata }
  metadata.name ||= target.name
  if (target.name !== undefined && metadata.name !== target.name) {
    throw ApiError.badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`,
    )
  }
  if (kind.namespaced) metadata.namespace ||= target.namespace
  if (kind.namespaced && metadata.namespace !== target.namespace) {
    throw ApiError.badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  return { ...object, metadata }
}
