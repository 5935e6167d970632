import { MASTERS_GROUP, nodeNameOf } from '../../../shared/pki/node-identity.ts'
import type { Authorizer } from './identity.ts'
import { createNodeAuthorizer, type NodeLookup } from './node-authorizer.ts'

/** Admins may do everything, a node what its work needs, everybody else nothing. */
export function createAuthorizer(lookup: NodeLookup): Authorizer {
  const nodes = createNodeAuthorizer(lookup)
  return {
    authorize(identity, attributes) {
      if (identity.groups.includes(MASTERS_GROUP)) return { allowed: true }
      const nodeName = nodeNameOf(identity)
      return nodeName === undefined ? { allowed: false, reason: '' } : nodes.authorize(nodeName, attributes)
    },
  }
}
