/** One media type with its parameters, names in lower case: `application/json;as=Table;v=v1`. */
export interface MediaType {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim())
  const parameters = rest.map((part) => {
    const [name = '', value = ''] = part.split('=', 2).map((side) => side.trim())
    return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
  })
  return { type: type.toLowerCase(), parameters: Object.fromEntries(parameters) }
}

/** The media types of an Accept header, the most wanted first; those with `q=0` are left out. */
export function parseAccept(header: string): MediaType[] {
  const types = header.split(',').filter((part) => part.trim() !== '')
  const weighted = types.map(parseMediaType).map((type) => ({ type, weight: weightOf(type) }))
  return weighted
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ type }) => type)
}

function weightOf({ parameters }: MediaType): number {
  const weight = Number(parameters.q ?? 1)
  return Number.isNaN(weight) ? 1 : weight
}
