/** Returns why a name is not allowed; nothing where it is. */
export type NameRule = (name: string) => string[]

const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const LABEL_PATTERN = new RegExp(`^${LABEL}$`)
const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`)

/** RFC 1123 label: `my-name`, at most 63 characters. */
export const isDnsLabel: NameRule = (name) => [
  ...tooLong(name, LABEL_MAX),
  ...(LABEL_PATTERN.test(name)
    ? []
    : [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
          `with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
      ]),
]

/** RFC 1123 subdomain: labels joined by dots, at most 253 characters. */
export const isDnsSubdomain: NameRule = (name) => [
  ...tooLong(name, SUBDOMAIN_MAX),
  ...(SUBDOMAIN_PATTERN.test(name)
    ? []
    : [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must " +
          `start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
      ]),
]

function tooLong(text: string, max: number): string[] {
  return text.length > max ? [`must be no more than ${max} characters`] : []
}
