import { checkAccess } from './access.ts'
import type { Call } from './call.ts'
import { createDiscovery } from './discovery/discovery.ts'
import { healthAnswer } from './health.ts'
import { type Answer, value } from './http/answer.ts'
import { headerOf } from './http/http-request.ts'
import { sendDocument, sendValue } from './http/send-answer.ts'
import { createOpenApi } from './openapi/openapi.ts'
import { negotiate } from './output/representation.ts'
import { noSuchResource, wrongMethod } from './route.ts'
import type { ApiServerOptions } from './server-options.ts'

/** Serves whatever is no resource: discovery, OpenAPI, health, version. */
export function createDocumentServer(options: ApiServerOptions): (call: Call) => Promise<void> {
  const discovery = createDiscovery(options.serverAddress)
  const openApi = createOpenApi(options.version.gitVersion)

  async function find(call: Call): Promise<Answer | undefined> {
    const path = call.path.replace(/(?<=.)\/$/, '')
    const accept = headerOf(call.request, 'accept')
    if (path === '/version') return value(200, options.version)
    const document = discovery.find(path, accept) ?? openApi.find(path, accept)
    if (document) return { type: 'document', document }
    return healthAnswer(path, call.query, options.healthChecks)
  }

  return async (call) => {
    const { method, path, identity } = call
    await checkAccess(options.authorizer, identity, { verb: method.toLowerCase(), nonResourcePath: path })
    const answer = await find(call)
    if (!answer) throw noSuchResource()
    if (method !== 'GET' && method !== 'HEAD') throw wrongMethod()
    await send(call, answer)
  }
}

async function send(call: Call, answer: Answer): Promise<void> {
  if (answer.type === 'document') return sendDocument(call, answer.document)
  if (answer.type !== 'value') throw noSuchResource()
  const representation = negotiate(headerOf(call.request, 'accept'))
  return sendValue(call, answer.code, answer.value, { representation, isPretty: true })
}
