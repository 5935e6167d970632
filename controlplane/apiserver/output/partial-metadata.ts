import type { Entry } from '../../registry/registry.ts'

/** An object without spec, status and data. */
export function partialMetadata({ object }: Pick<Entry, 'object'>, version: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}
