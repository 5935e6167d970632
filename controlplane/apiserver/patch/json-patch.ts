import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '../../../shared/api/api-error.ts'
import { isPlainObject } from '../../../shared/api/decode-scalar.ts'
import { rejectedPatch } from './rejected-patch.ts'

/*
 * RFC 6902. Our own rather than a library's: pointers come from users, and only own properties may be followed, or
 * `/metadata/labels/toString/x` would write on a function that the whole process shares.
 */

type Container = Record<string, unknown> | unknown[]

interface Operation {
  readonly op: string
  readonly path: readonly string[]
  readonly from?: readonly string[]
  readonly value?: unknown
}

const MOST_OPERATIONS = 10_000
const LONGEST_POINTER = 200
/** Bytes of JSON that the copy operations of one patch may make, or they could double it over and over. */
const MOST_COPIED = 3 * 1024 * 1024

/**
 * The object after all operations, in order; `object` stays as it is.
 * @throws ApiError 400 for what is no JSON patch, 413 for too long a one, 422 where an operation cannot be applied
 */
export function applyJsonPatch(object: unknown, patch: unknown): unknown {
  const operations = parseOperations(patch)
  const root = { '': structuredClone(object) }
  let copied = 0
  for (const operation of operations) {
    if (operation.op === 'copy') copied += JSON.stringify(valueAt(root, operation.from ?? [])).length
    if (copied > MOST_COPIED) throw rejectedPatch('the copies are too large')
    applyOperation(root, operation)
  }
  return root['']
}

function parseOperations(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw ApiError.badRequest('error decoding patch: a JSON patch is a list of operations')
  if (patch.length > MOST_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`
    throw new ApiError('RequestEntityTooLarge', message)
  }
  return patch.map(parseOperation)
}

function parseOperation(operation: unknown, index: number): Operation {
  const where = `error decoding patch: operation ${index}`
  if (!isPlainObject(operation)) throw ApiError.badRequest(`${where} is no object`)
  const { op, path, from } = operation
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op)) throw ApiError.badRequest(`${where}: unknown op`)
  const needsFrom = op === 'move' || op === 'copy'
  if (op !== 'remove' && !needsFrom && !Object.hasOwn(operation, 'value')) {
    throw ApiError.badRequest(`${where}: ${op} needs a value`)
  }
  return {
    op,
    path: parsePointer(path, `${where}: path`),
    ...(needsFrom ? { from: parsePointer(from, `${where}: from`) } : { value: operation.value }),
  }
}

/** The tokens from the root down; the first is always empty and stands for the root itself. */
function parsePointer(pointer: unknown, where: string): string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw ApiError.badRequest(`${where} is no JSON pointer`)
  }
  const tokens = pointer.split('/')
  if (tokens.length > LONGEST_POINTER) throw ApiError.badRequest(`${where} has too many parts`)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const OPERATIONS: Record<string, (root: Container, operation: Operation) => void> = {
  add: (root, { path, value }) => add(root, path, structuredClone(value)),
  remove: (root, { path }) => remove(root, path),
  replace: (root, { path, value }) => {
    valueAt(root, path)
    const [parent, token] = parentOf(root, path)
    put(parent, token, structuredClone(value))
  },
  move: (root, { path, from = [] }) => {
    if (from.length < path.length && from.every((token, index) => token === path[index])) {
      throw rejectedPatch(`cannot move ${show(from)} into itself`)
    }
    const value = valueAt(root, from)
    remove(root, from)
    add(root, path, value)
  },
  copy: (root, { path, from = [] }) => add(root, path, structuredClone(valueAt(root, from))),
  test: (root, { path, value }) => {
    const actual = tryValueAt(root, path)
    const isEqual = isDeepStrictEqual(actual, value) || (actual === undefined && value === null)
    if (!isEqual) throw rejectedPatch(`testing value ${show(path)} failed`)
  },
}

function applyOperation(root: Container, operation: Operation): void {
  OPERATIONS[operation.op]?.(root, operation)
}

function add(root: Container, path: readonly string[], value: unknown): void {
  const [parent, token] = parentOf(root, path)
  if (Array.isArray(parent)) insert(parent, token, value, path)
  else put(parent, token, value)
}

function insert(list: unknown[], token: string, value: unknown, path: readonly string[]): void {
  const index = token === '-' ? list.length : indexOf(token)
  if (index === undefined || index > list.length) throw missing(path)
  list.splice(index, 0, value)
}

function remove(root: Container, path: readonly string[]): void {
  valueAt(root, path)
  const [parent, token] = parentOf(root, path)
  if (Array.isArray(parent)) parent.splice(Number(token), 1)
  else delete parent[token]
}

function parentOf(root: Container, path: readonly string[]): [parent: Container, token: string] {
  const parent = path.length === 1 ? root : valueAt(root, path.slice(0, -1))
  if (!Array.isArray(parent) && !isPlainObject(parent)) throw missing(path)
  return [parent, path.at(-1) ?? '']
}

function valueAt(root: Container, path: readonly string[]): unknown {
  const value = tryValueAt(root, path)
  if (value === undefined) throw missing(path)
  return value
}

function tryValueAt(root: Container, path: readonly string[]): unknown {
  let value: unknown = root
  for (const token of path) {
    if (Array.isArray(value)) {
      const index = indexOf(token)
      value = index === undefined ? undefined : value[index]
    } else {
      value = isPlainObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
    }
  }
  return value
}

/** Defines rather than assigns, so that `__proto__` is a name like any other. */
function put(parent: Container, token: string, value: unknown): void {
  Object.defineProperty(parent, token, { value, writable: true, enumerable: true, configurable: true })
}

function indexOf(token: string): number | undefined {
  return /^(0|[1-9]\d{0,9})$/.test(token) ? Number(token) : undefined
}

function missing(path: readonly string[]): ApiError {
  return rejectedPatch(`there is no ${show(path)}`)
}

function show(path: readonly string[]): string {
  return JSON.stringify(path.map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1')).join('/'))
}
