import { ApiError } from '../../shared/api/api-error.ts'
import type { Attributes, Authorizer, Identity, ResourceAttributes } from './auth/identity.ts'

/** Asks the authorizer. @throws ApiError 403 in upstream's words */
export async function checkAccess(authorizer: Authorizer, identity: Identity, attributes: Attributes): Promise<void> {
  const decision = await authorizer.authorize(identity, attributes)
  if (decision.allowed) return
  const what = 'nonResourcePath' in attributes ? pathDenied(identity, attributes) : resourceDenied(identity, attributes)
  const message = decision.reason ? `${what}: ${decision.reason}` : what
  throw new ApiError('Forbidden', message, 'nonResourcePath' in attributes ? {} : detailsOf(attributes))
}

function pathDenied({ name }: Identity, { verb, nonResourcePath }: { verb: string; nonResourcePath: string }): string {
  return `forbidden: User ${JSON.stringify(name)} cannot ${verb} path ${JSON.stringify(nonResourcePath)}`
}

function resourceDenied(identity: Identity, attributes: ResourceAttributes): string {
  const { verb, group, resource, subresource, namespace, name } = attributes
  const title = group ? `${resource}.${group}` : resource
  const whole = subresource ? `${resource}/${subresource}` : resource
  const subject = `${title}${name ? ` ${JSON.stringify(name)}` : ''} is forbidden`
  const scope = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope'
  const user = JSON.stringify(identity.name)
  return `${subject}: User ${user} cannot ${verb} resource "${whole}" in API group "${group}" ${scope}`
}

function detailsOf({ group, resource, name }: ResourceAttributes) {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: resource }
}
