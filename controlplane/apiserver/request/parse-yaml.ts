import { type Document, isScalar, Lexer, type Pair, Parser, parseDocument, visit } from 'yaml'

export interface ParsedYaml {
  readonly value: unknown
  /** What is said of keys that come twice, of which the last counts. */
  readonly duplicates: readonly string[]
}

const MOST_ALIASES = 100
/** Some thousands of lines; reading more of them would keep the server from everybody else for seconds. */
const MOST_LEXEMES = 100_000

/**
 * YAML 1.1, as Kubernetes reads it, without its times and base-60 numbers, which Kubernetes' JSON does not know.
 * @throws Error that says where the text is wrong, but never quotes it: it may be a Secret's
 */
export function parseYaml(text: string, maxDepth: number): ParsedYaml {
  checkSize(text, maxDepth)
  const document = parseDocument(text, {
    version: '1.1',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || isJsonTag(tag)),
    // The library compares each key with all others, which takes minutes where there are many.
    uniqueKeys: false,
    logLevel: 'error',
  })
  const error = document.errors[0]
  if (error) {
    const line = error.linePos?.[0].line ?? 1
    throw new Error(
      `error converting YAML to JSON: yaml: line ${line}: ${error.code.toLowerCase().replaceAll('_', ' ')}`,
    )
  }
  return { value: toJson(document), duplicates: duplicateKeys(document) }
}

/** Looks at the text without recursion, which all that follows is made of. */
function checkSize(text: string, maxDepth: number): void {
  const parser = new Parser()
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (++count > MOST_LEXEMES) throw new Error('error converting YAML to JSON: yaml: too many parts: send JSON')
    if (parser.stack.length > maxDepth) throw new Error('error converting YAML to JSON: yaml: exceeded max depth')
  }
}

function toJson(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch {
    throw new Error('error converting YAML to JSON: yaml: excessive alias count, unknown alias or too deep a nesting')
  }
}

const FOREIGN_TAGS = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`)

function isJsonTag(tag: { tag: string; format?: string }): boolean {
  return !FOREIGN_TAGS.includes(tag.tag) && tag.format !== 'TIME'
}

function duplicateKeys(document: Document): string[] {
  const duplicates: string[] = []
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const name of items.map(nameOf)) {
        if (seen.has(name)) duplicates.push(`key ${JSON.stringify(name)} already set in map`)
        seen.add(name)
      }
    },
  })
  return duplicates
}

function nameOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}
