import { createHash } from 'node:crypto'
import type { Document } from '../http/answer.ts'
import { negotiate } from '../output/representation.ts'
import { groupDiscoveryList } from './aggregated.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts'
import { discoverGroups } from './resources.ts'

const AGGREGATED = ['v2', 'v2beta1'].map((version) => `APIGroupDiscoveryList.apidiscovery.k8s.io/${version}`)

/** What clients read to learn which resources there are. */
export interface Discovery {
  /** The document at a path without its slash at the end; undefined where discovery has none. Throws 406. */
  find(path: string, accept: string | undefined): Document | undefined
}

/** All documents are made once. `serverAddress` is what `/api` tells clients of itself. */
export function createDiscovery(serverAddress: string): Discovery {
  const groups = discoverGroups()
  const core = groups.filter(({ group }) => group === '')
  const named = groups.filter(({ group }) => group !== '')
  const plain = new Map<string, object>([
    ['/api', apiVersions(serverAddress)],
    ['/apis', apiGroupList(groups)],
    ...core.map((group) => [`/api/${group.version}`, apiResourceList(group)] as const),
    ...named.map((group) => [`/apis/${group.group}`, apiGroup(group)] as const),
    ...named.map((group) => [`/apis/${group.group}/${group.version}`, apiResourceList(group)] as const),
  ])
  const aggregated = new Map([
    ['/api', core],
    ['/apis', named],
  ])
  const cache = new Map<string, Document>()
  return {
    find(path, accept) {
      const value = plain.get(path)
      if (!value) return undefined
      const all = aggregated.get(path)
      const { as, contentType: wanted } = negotiate(accept, all ? AGGREGATED : [])
      // JSON is YAML too: whoever asks for that gets the same document.
      const contentType = wanted.replace('application/yaml', 'application/json')
      const key = `${path} ${contentType}`
      const document =
        cache.get(key) ?? toDocument(as && all ? groupDiscoveryList(as.version, all) : value, contentType)
      cache.set(key, document)
      return document
    },
  }
}

function toDocument(value: object, contentType: string): Document {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`)
  const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`
  return { contentType, bytes, etag }
}
