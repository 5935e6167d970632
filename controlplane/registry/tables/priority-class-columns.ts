import type { PriorityClass } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, countColumn, nameColumn } from './common-columns.ts'

export const priorityClassColumns: readonly TableColumn<PriorityClass>[] = [
  nameColumn,
  countColumn('Value', 'The priority of its Pods.', ({ value }) => value ?? 0),
  {
    name: 'Global-Default',
    type: 'boolean',
    description: 'Whether Pods without a class are of this one.',
    priority: 0,
    cell: ({ globalDefault }) => globalDefault ?? false,
  },
  ageColumn,
  column(
    'PreemptionPolicy',
    'Whether its Pods take the place of those of lower priority.',
    ({ preemptionPolicy }) => preemptionPolicy ?? '',
  ),
]
