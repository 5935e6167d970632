/** Returns why a text is not allowed, in Kubernetes' words; nothing where it is. */
export type NameRule = (text: string) => string[]

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const SEARCH_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SEARCH_DOMAIN = `${SEARCH_LABEL}(\\.${SEARCH_LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const LABEL_VALUE = `(${QUALIFIED})?`
const CONFIG_KEY = '[-._a-zA-Z0-9]+'
const PERCENT = '[0-9]+%'

/** RFC 1123 label: `my-name`, at most 63 characters. */
export const isDnsLabel = rule(
  63,
  LABEL,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
)

/** RFC 1035 label: `my-name`, which begins with a letter: what a Service is called. */
export const isDns1035Label = rule(
  63,
  DNS_1035_LABEL,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
)

/** RFC 1123 subdomain: labels joined by dots, at most 253 characters. */
export const isDnsSubdomain = rule(
  253,
  SUBDOMAIN,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
)

/** A domain in which a resolver searches: a subdomain whose labels may begin with, and contain, underscores. */
export const isSearchDomain = rule(
  253,
  SEARCH_DOMAIN,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
)

export const isLabelValue = rule(
  63,
  LABEL_VALUE,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
)

/** `25%`. */
export const isPercent = rule(
  Number.POSITIVE_INFINITY,
  PERCENT,
  "a valid percent string must be a numeric string followed by an ending '%'",
  ['1%', '93%'],
)

const isNamePart = rule(
  63,
  QUALIFIED,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
)

const isConfigKeyText = rule(
  253,
  CONFIG_KEY,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
)

/** `name` or `dns.prefix/name`: the keys of labels, annotations, taints, resources. */
export const isQualifiedName: NameRule = (text) => {
  const parts = text.split('/')
  if (parts.length > 2) {
    const why =
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    const suffix = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    return [`${why} ${examples(QUALIFIED, ['MyName', 'my.name', '123-abc'])}${suffix}`]
  }
  const [name = '', prefix] = parts.toReversed()
  return [
    ...(prefix === undefined ? [] : part('prefix part', prefix, isDnsSubdomain)),
    ...part('name part', name, isNamePart),
  ]
}

/** A key of a ConfigMap or a Secret, which becomes a file's name. */
export const isConfigKey: NameRule = (text) => {
  if (text === '.' || text === '..') return [`must not be '${text}'`]
  return [...isConfigKeyText(text), ...(text.startsWith('..') ? ["must not start with '..'"] : [])]
}

export const isEnvName: NameRule = (text) =>
  /^[ -<>-~]*$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

/** `http`: the name of a port, by which probes and Services may call it. */
export const isPortName: NameRule = (text) => [
  ...(text.length > 15 ? [tooLong(15)] : []),
  ...(/^[-a-z0-9]+$/.test(text) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
  ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(text) ? ['must not begin or end with a hyphen'] : []),
]

export function isPortNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive']
}

/** The rule for the beginning of a name, of which more is to be made up: it may end in a hyphen. */
export function prefixRule(nameRule: NameRule): NameRule {
  return (text) => nameRule(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text)
}

function rule(maxLength: number, pattern: string, why: string, exampleTexts: string[]): NameRule {
  const regex = new RegExp(`^${pattern}$`)
  return (text) => [
    ...(text.length > maxLength ? [tooLong(maxLength)] : []),
    ...(regex.test(text) ? [] : [`${why} ${examples(pattern, exampleTexts)}`]),
  ]
}

function part(what: string, text: string, nameRule: NameRule): string[] {
  return text === '' ? [`${what} must be non-empty`] : nameRule(text).map((why) => `${what} ${why}`)
}

function examples(pattern: string, texts: string[]): string {
  return `(e.g. ${texts.map((text) => `'${text}', `).join(' or ')}regex used for validation is '${pattern}')`
}

function tooLong(max: number): string {
  return `must be no more than ${max} characters`
}
