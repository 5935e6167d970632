import { Writer } from 'protobufjs/minimal.js'
import { stringify } from 'yaml'
import type { OpenApiSchema } from './definitions.ts'
import type { DocumentV2, OperationV2, ParameterV2 } from './document-v2.ts'

/*
 * The protobuf form of OpenAPI v2, which is the only one that kubectl before 1.29 reads.
 * Field numbers: openapiv2/OpenAPIv2.proto of google/gnostic. Only what our document uses is written.
 */

export function encodeV2({ swagger, info, paths, definitions }: DocumentV2): Uint8Array {
  const writer = Writer.create()
  text(writer, 1, swagger)
  message(writer, 2, () => {
    text(writer, 1, info.title)
    text(writer, 2, info.version)
  })
  message(writer, 8, () => {
    for (const [path, methods] of Object.entries(paths)) {
      named(writer, 2, path, () => encodePath(writer, methods))
    }
  })
  message(writer, 9, () => encodeSchemas(writer, definitions))
  return writer.finish()
}

const METHOD_FIELDS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 }

function encodePath(writer: Writer, methods: Readonly<Record<string, OperationV2>>): void {
  for (const [method, operation] of Object.entries(methods)) {
    const field = METHOD_FIELDS[method]
    if (field !== undefined) message(writer, field, () => encodeOperation(writer, operation))
  }
}

function encodeOperation(writer: Writer, operation: OperationV2): void {
  for (const tag of operation.tags) text(writer, 1, tag)
  text(writer, 5, operation.operationId)
  for (const type of operation.produces) text(writer, 6, type)
  for (const type of operation.consumes) text(writer, 7, type)
  for (const parameter of operation.parameters) {
    // ParametersItem.parameter, then Parameter.non_body_parameter
    message(writer, 8, () => message(writer, 1, () => message(writer, 2, () => encodeParameter(writer, parameter))))
  }
  message(writer, 9, () => {
    for (const [code, { description }] of Object.entries(operation.responses)) {
      named(writer, 1, code, () => message(writer, 1, () => text(writer, 1, description)))
    }
  })
  encodeExtensions(writer, 13, operation)
}

function encodeParameter(writer: Writer, { name, in: place, required, type }: ParameterV2): void {
  const isQuery = place === 'query'
  message(writer, isQuery ? 3 : 4, () => {
    if (required) writer.uint32(tag(1, VARINT)).bool(true)
    text(writer, 2, place)
    text(writer, 4, name)
    text(writer, isQuery ? 6 : 5, type)
  })
}

function encodeSchemas(writer: Writer, schemas: Readonly<Record<string, OpenApiSchema>>): void {
  for (const [name, schema] of Object.entries(schemas)) named(writer, 1, name, () => encodeSchema(writer, schema))
}

function encodeSchema(writer: Writer, schema: OpenApiSchema): void {
  const { $ref, format, required, additionalProperties, type, items, properties } = schema
  if ($ref !== undefined) text(writer, 1, $ref)
  if (format !== undefined) text(writer, 2, format)
  for (const name of required ?? []) text(writer, 19, name)
  if (additionalProperties) {
    message(writer, 21, () => message(writer, 1, () => encodeSchema(writer, additionalProperties)))
  }
  if (type !== undefined) message(writer, 22, () => text(writer, 1, type))
  if (items) message(writer, 23, () => message(writer, 1, () => encodeSchema(writer, items)))
  if (properties) message(writer, 25, () => encodeSchemas(writer, properties))
  encodeExtensions(writer, 31, schema)
}

/** Extensions carry their value as YAML. */
function encodeExtensions(writer: Writer, field: number, holder: object): void {
  for (const [name, value] of Object.entries(holder)) {
    if (name.startsWith('x-')) named(writer, field, name, () => text(writer, 2, stringify(value)))
  }
}

const VARINT = 0
const LENGTH_DELIMITED = 2

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32(tag(field, LENGTH_DELIMITED)).string(value)
}

function message(writer: Writer, field: number, write: () => void): void {
  writer.uint32(tag(field, LENGTH_DELIMITED)).fork()
  write()
  writer.ldelim()
}

/** A pair of name and value: how the format writes maps. */
function named(writer: Writer, field: number, name: string, write: () => void): void {
  message(writer, field, () => {
    text(writer, 1, name)
    message(writer, 2, write)
  })
}
