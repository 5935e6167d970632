import { CONFIG_MAPS, EVENTS, LEASES, NODES, PODS, type Pod, SECRETS } from '../../../shared/api/kinds.ts'
import { podReferences } from '../../../shared/pod-references.ts'
import { parseFieldSelector } from '../../../shared/selectors.ts'
import type { Attributes, Decision, ResourceAttributes, Verb } from './identity.ts'
import { forbiddenNodeChange } from './node-restriction.ts'

/** What the rules for nodes must know of the cluster. */
export interface NodeLookup {
  pod(namespace: string, name: string): Promise<Pod | undefined>
  podsOf(nodeName: string): Promise<readonly Pod[]>
}

const LEASE_NAMESPACE = 'kube-node-lease'
const ALLOWED: Decision = { allowed: true }

type Rule = (nodeName: string, attributes: ResourceAttributes, lookup: NodeLookup) => Decision | Promise<Decision>

/** Each allowed request of a node, and what more is asked of it; all others are refused. */
const RULES: readonly { kind: { group: string; plural: string }; subresources: string[]; verbs: Verb[]; rule: Rule }[] =
  [
    { kind: NODES, subresources: [''], verbs: ['get'], rule: ownNode },
    { kind: NODES, subresources: ['', 'status'], verbs: ['update', 'patch'], rule: ownNode },
    { kind: PODS, subresources: [''], verbs: ['list', 'watch'], rule: listOfOwnPods },
    { kind: PODS, subresources: [''], verbs: ['get'], rule: ownPod },
    { kind: PODS, subresources: ['status'], verbs: ['update', 'patch'], rule: ownPod },
    { kind: EVENTS, subresources: [''], verbs: ['create'], rule: () => ALLOWED },
    { kind: SECRETS, subresources: [''], verbs: ['get'], rule: referenced('secrets') },
    { kind: CONFIG_MAPS, subresources: [''], verbs: ['get'], rule: referenced('configMaps') },
    { kind: LEASES, subresources: [''], verbs: ['get', 'create', 'update', 'patch'], rule: ownLease },
  ]

/** What Kubernetes' Node authorizer and NodeRestriction allow, cut down to what our agents may need. */
export function createNodeAuthorizer(lookup: NodeLookup) {
  return {
    async authorize(nodeName: string, attributes: Attributes): Promise<Decision> {
      if ('nonResourcePath' in attributes) return refused('')
      const { group, resource, subresource, verb } = attributes
      const found = RULES.find(
        ({ kind, subresources, verbs }) =>
          kind.group === group &&
          kind.plural === resource &&
          subresources.includes(subresource) &&
          verbs.includes(verb),
      )
      return found ? found.rule(nodeName, attributes, lookup) : refused('nodes are not allowed to do this')
    },
  }
}

function ownNode(nodeName: string, { name, object, current }: ResourceAttributes): Decision {
  if (name !== nodeName) return refused(`node ${quote(nodeName)} is not allowed to access node ${quote(name)}`)
  const wrong = object && current && forbiddenNodeChange(current, object)
  return wrong ? refused(`node ${quote(nodeName)} is not allowed to ${wrong}`) : ALLOWED
}

function listOfOwnPods(nodeName: string, { fieldSelector = '' }: ResourceAttributes): Decision {
  const own = parsed(fieldSelector).some(
    ({ field, equals, value }) => field === 'spec.nodeName' && equals && value === nodeName,
  )
  return own ? ALLOWED : refused(`can only list and watch pods with spec.nodeName=${nodeName}`)
}

async function ownPod(nodeName: string, attributes: ResourceAttributes, lookup: NodeLookup): Promise<Decision> {
  const { namespace = '', name = '', current } = attributes
  const pod = (current as Pod | undefined) ?? (await lookup.pod(namespace, name))
  if (pod?.spec?.nodeName === nodeName) return ALLOWED
  return refused(`node ${quote(nodeName)} can only access pods with spec.nodeName set to itself`)
}

function referenced(kind: 'secrets' | 'configMaps'): Rule {
  return async (nodeName, { namespace, name = '' }, lookup) => {
    const pods = await lookup.podsOf(nodeName)
    const found = pods.some((pod) => pod.metadata.namespace === namespace && podReferences(pod.spec)[kind].has(name))
    return found ? ALLOWED : refused(`no relationship found between node ${quote(nodeName)} and this object`)
  }
}

function ownLease(nodeName: string, { verb, namespace, name, object }: ResourceAttributes): Decision {
  const created = (object?.metadata as { name?: unknown } | undefined)?.name
  // What a create will be called is known only the second time, when its object is shown.
  const own = verb === 'create' ? !object || created === nodeName : name === nodeName
  if (namespace === LEASE_NAMESPACE && own) return ALLOWED
  return refused(`can only access the lease ${quote(nodeName)} in the namespace ${quote(LEASE_NAMESPACE)}`)
}

function parsed(fieldSelector: string) {
  try {
    return parseFieldSelector(fieldSelector)
  } catch {
    return []
  }
}

function refused(reason: string): Decision {
  return { allowed: false, reason }
}

function quote(text: string | undefined): string {
  return JSON.stringify(text ?? '')
}
