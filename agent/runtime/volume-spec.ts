/** A volume of a Pod, as its sandbox mounts it. */
export type VolumeSpec = {
  name: string
  /** The group that it belongs to, which may read and write it; absent: everybody may. */
  group?: number
  /** Where it keeps something from earlier: whether that is given to the group each time, or when its root is not the group's. */
  existing?: 'always' | 'rootMismatch'
} & (
  | /** An `emptyDir`. */ { medium: 'disk' }
  | { medium: 'memory'; sizeLimitBytes?: number }
  /** Has the files that `writeVolume` puts there: in memory alone, and only as long as the sandbox runs. */
  | { medium: 'files' }
  /** Lives on without the Pod; `id` is its name in the runtime. */
  | { medium: 'claim'; id: string }
  /** What is at a path of the machine, as `hostPath` gave it. */
  | { medium: 'host'; path: string }
)

export interface VolumeMount {
  /** A volume of the sandbox. */
  volume: string
  mountPath: string
  readOnly: boolean
  /** A file or directory of the volume instead of all of it; a directory is made where nothing is. */
  subPath?: string
  /** Of a directory that is made. */
  group?: number
  /** Whether mounts made later on one side show on the other: `slave` those of the machine in the container, `shared` both. */
  propagation?: 'slave' | 'shared'
}

export interface VolumeFile {
  /** Relative to the volume, such as `conf/app.ini`. */
  path: string
  /** Permissions, such as 0o644. */
  mode: number
  content: Buffer
  group?: number
}

export type HostPathType = 'Directory' | 'File' | 'Socket' | 'CharDevice' | 'BlockDevice'

/** What is at a path of the machine. */
export interface HostPath {
  /** Without symbolic links, also where nothing is there. */
  path: string
  type: HostPathType | 'missing'
}
