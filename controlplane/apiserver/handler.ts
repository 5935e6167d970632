import type { Answer } from './http/answer.ts'
import type { ResourceRequest } from './request/resource-request.ts'
import type { Services } from './services.ts'

/** Serves one verb of a resource or subresource. Refusals are thrown ApiErrors. */
export type Handler = (request: ResourceRequest, services: Services) => Promise<Answer>

/** The verbs that an address can be asked for. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'
