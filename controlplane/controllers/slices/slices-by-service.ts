import { ENDPOINT_SLICES, type EndpointSlice } from '../../../shared/api/kinds.ts'
import type { ObjectKey, Persisted } from '../../../shared/api/object.ts'
import { serviceKeyOf } from '../../../shared/endpoint-slices.ts'
import type { Informers } from '../../reconcile/informer.ts'

/** Whoever indexes slices by Service uses this name: the same name is one index. */
const INDEX = 'service'

/** Finds the slices of a Service, whoever keeps them. */
export function slicesByService(informers: Informers): (key: ObjectKey) => readonly Persisted<EndpointSlice>[] {
  const slices = informers.of(ENDPOINT_SLICES)
  slices.addIndex(INDEX, (slice) => [serviceKeyOf(slice) ?? ''])
  return (key) => slices.byIndex(INDEX, key)
}
