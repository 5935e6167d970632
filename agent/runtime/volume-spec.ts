/** A volume of a Pod, as its sandbox mounts it. */
export type VolumeSpec = {
  name: string
  /** The group that it belongs to, which may read and write it; absent: everybody may. */
  group?: number
} & (
  | /** An `emptyDir`. */ { medium: 'disk' }
  | { medium: 'memory'; sizeLimitBytes?: number }
  /** Has the files that `writeVolume` puts there: in memory alone, and only as long as the sandbox runs. */
  | { medium: 'files' }
)

export interface VolumeMount {
  /** A volume of the sandbox. */
  volume: string
  mountPath: string
  readOnly: boolean
}

export interface VolumeFile {
  /** Relative to the volume, such as `conf/app.ini`. */
  path: string
  /** Permissions, such as 0o644. */
  mode: number
  content: Buffer
  group?: number
}
