/** An image's name, taken apart. */
export interface ImageReference {
  /** `docker.io` where the name has none. */
  registry: string
  /** Without registry, such as `library/nginx`. */
  repository: string
  tag?: string
  digest?: string
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const HOST = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?'
const REFERENCE = new RegExp(
  `^(?:(${HOST})/)?(${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$`,
)

/** Undefined where the text is no reference. A bare image id (`sha256:...`) is none. */
export function parseImageReference(text: string): ImageReference | undefined {
  const match = REFERENCE.exec(text)
  if (!match) return undefined
  const [, host, path = '', tag, digest] = match
  const isRegistry = host !== undefined && (/[.:]/.test(host) || host === 'localhost' || host !== host.toLowerCase())
  const name = host !== undefined && !isRegistry ? `${host}/${path}` : path
  const registry = isRegistry ? host : DOCKER_HUB
  return {
    registry,
    repository: registry === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

const DOCKER_HUB = 'docker.io'

/** The name with `:latest` where it says neither tag nor digest: what a runtime is to be asked for. */
export function withDefaultTag(text: string): string {
  const reference = parseImageReference(text)
  return reference && !reference.tag && !reference.digest ? `${text}:latest` : text
}
