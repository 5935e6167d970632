import type { FieldErrors } from '../validation/field-errors.ts'

const SHORT_FORMS: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** As `kubectl get` shows them: `RWO,ROX`. */
export function shortAccessModes(modes: readonly string[] = []): string {
  return Object.keys(SHORT_FORMS)
    .filter((mode) => modes.includes(mode))
    .map((mode) => SHORT_FORMS[mode])
    .join(',')
}

export function validateAccessModes(
  modes: readonly string[] = [],
  path: string,
  missing: string,
  errors: FieldErrors,
): void {
  if (modes.length === 0) errors.required(path, missing)
  for (const mode of modes) if (!MODES.includes(mode)) errors.notSupported(path, mode, MODES)
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes')
  }
}

/** Docker volumes and paths are directories. */
export function validateVolumeMode(mode: string | undefined, path: string, errors: FieldErrors): void {
  if (mode === 'Block') errors.forbidden(path, 'Docker has no raw block volumes: use Filesystem')
  else if (mode !== undefined && mode !== 'Filesystem') errors.notSupported(path, mode, ['Block', 'Filesystem'])
}
