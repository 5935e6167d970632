import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { TableColumn } from '../strategy.ts'
import { humanAge } from './human-duration.ts'

type Cell<T extends KubeObject> = TableColumn<T>['cell']

/** A column that is always shown. */
export function column<T extends KubeObject>(name: string, description: string, cell: Cell<T>): TableColumn<T> {
  return { name, type: 'string', description, priority: 0, cell }
}

/** A column of whole numbers that is always shown. */
export function countColumn<T extends KubeObject>(name: string, description: string, cell: Cell<T>): TableColumn<T> {
  return { name, type: 'integer', description, priority: 0, cell }
}

/** A column that `-o wide` adds. */
export function wideColumn<T extends KubeObject>(name: string, description: string, cell: Cell<T>): TableColumn<T> {
  return { name, type: 'string', description, priority: 1, cell }
}

export const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name of the object, unique within its namespace.',
  priority: 0,
  cell: ({ metadata }) => metadata.name,
}

export const ageColumn: TableColumn = {
  name: 'Age',
  type: 'string',
  description: 'How long ago the object was created.',
  priority: 0,
  cell: ({ metadata }: Persisted<KubeObject>, nowMs) => humanAge(metadata.creationTimestamp, nowMs),
}

export function orNone(text: string | undefined): string {
  return text || '<none>'
}
