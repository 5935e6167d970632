import { ApiError } from '../../../shared/api/api-error.ts'
import { type MediaType, parseAccept } from '../http/media-type.ts'

/** In which form the client wants its answer. */
export interface Representation {
  readonly format: 'json' | 'yaml'
  readonly as?: Transform
  /** For the answer's Content-Type. */
  readonly contentType: string
}

/** An object in another shape: for tables, for metadata alone, for discovery in one document. */
export interface Transform {
  readonly kind: string
  readonly version: string
}

const FORMATS: Readonly<Record<string, Representation['format']>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
}

/**
 * Chooses the first of the Accept header's media types that can be served. `transforms` lists what the answer can be
 * turned into, as `kind.group/version`; a media type that asks for another transform is passed over.
 * @throws ApiError 406 where none can be served
 */
export function negotiate(accept: string | undefined, transforms: readonly string[] = []): Representation {
  const wanted = accept === undefined || accept.trim() === '' ? [DEFAULT] : parseAccept(accept)
  for (const type of wanted) {
    const representation = represent(type, transforms)
    if (representation) return representation
  }
  const supported = Object.keys(FORMATS).filter((type) => !type.includes('*'))
  throw new ApiError('NotAcceptable', `only the following media types are accepted: ${supported.join(', ')}`)
}

const DEFAULT: MediaType = { type: 'application/json', parameters: {} }

function represent({ type, parameters }: MediaType, transforms: readonly string[]): Representation | undefined {
  const format = FORMATS[type]
  if (!format) return undefined
  const contentType = `application/${format}`
  const { as: kind, v: version = '', g: group = '' } = parameters
  if (kind === undefined) return { format, contentType }
  if (!transforms.includes(`${kind}.${group}/${version}`)) return undefined
  return { format, as: { kind, version }, contentType: `${contentType};g=${group};v=${version};as=${kind}` }
}
