import { DOMAIN } from '../domain.ts'
import type { Name } from './x509.ts'

/** The group of all nodes, as Kubernetes names it: a node certificate's O. */
export const NODES_GROUP = 'system:nodes'
/** The group that may do anything: the admin certificate's O. */
export const MASTERS_GROUP = 'system:masters'

/** On a Node: the fingerprint of the key that may act for it (see `keyFingerprint`). */
export const KEY_FINGERPRINT_ANNOTATION = `${DOMAIN}/key-fingerprint`

const NODE_USER_PREFIX = 'system:node:'
const MAX_NODE_NAME_LENGTH = 63
const NODE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** A node certificate's CN. */
export function nodeUserName(nodeName: string): string {
  return NODE_USER_PREFIX + nodeName
}

/** The node that a user is, if it is one: the inverse of `nodeUserName`. */
export function nodeNameOf(identity: { name: string; groups: readonly string[] }): string | undefined {
  if (!identity.groups.includes(NODES_GROUP) || !identity.name.startsWith(NODE_USER_PREFIX)) return undefined
  return identity.name.slice(NODE_USER_PREFIX.length) || undefined
}

/** A DNS subdomain that also fits a label: it becomes `kubernetes.io/hostname`. */
export function isNodeName(name: string): boolean {
  return name.length <= MAX_NODE_NAME_LENGTH && NODE_NAME.test(name)
}

/** CN and O of a certificate's subject. */
export function identityOfSubject(subject: Name): { name: string; groups: string[] } | undefined {
  const [name, ...others] = subject.getField('CN')
  return name && others.length === 0 ? { name, groups: subject.getField('O') } : undefined
}
