import { ApiError, isApiError } from '../../../../shared/api/api-error.ts'
import { apiVersionOf, NODES, type Node } from '../../../../shared/api/kinds.ts'
import { KEY_FINGERPRINT_ANNOTATION } from '../../../../shared/pki/node-identity.ts'
import type { Registry } from '../../../registry/registry.ts'

/** Whose name a node's is: the key that its Node object carries. */
export type Claim = 'free' | 'own' | 'taken'

export async function claimOf(registry: Registry, nodeName: string, keyFingerprint: string): Promise<Claim> {
  try {
    const { object } = await registry.get(NODES, { name: nodeName })
    return object.metadata.annotations?.[KEY_FINGERPRINT_ANNOTATION] === keyFingerprint ? 'own' : 'taken'
  } catch (error) {
    if (isApiError(error, 'NotFound')) return 'free'
    throw error
  }
}

/**
 * Gives the name to the key for good, by making the Node object: the first of two that come at once gets it.
 * Throws Conflict where another key has it.
 */
export async function claimNode(registry: Registry, nodeName: string, keyFingerprint: string): Promise<void> {
  const node: Node = {
    apiVersion: apiVersionOf(NODES),
    kind: NODES.kind,
    metadata: { name: nodeName, annotations: { [KEY_FINGERPRINT_ANNOTATION]: keyFingerprint } },
    spec: {},
  }
  try {
    await registry.create(NODES, node, { fieldManager: 'kubette-join' })
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
    if ((await claimOf(registry, nodeName, keyFingerprint)) === 'taken') throw nameTaken(nodeName)
  }
}

export function nameTaken(nodeName: string): ApiError {
  return new ApiError(
    'Conflict',
    `the node name ${JSON.stringify(nodeName)} is taken by another machine: give this one another name with --name, ` +
      `or, if the other machine is gone for good, free the name with \`kubectl delete node ${nodeName}\``,
    { name: nodeName, kind: NODES.plural },
  )
}
