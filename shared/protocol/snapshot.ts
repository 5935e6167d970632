/** Where an administrator gets all that is stored, as of one revision. */
export const SNAPSHOT_PATH = '/kubette/v1/snapshot'

export interface Snapshot {
  readonly revision: number
  readonly objects: readonly SnapshotObject[]
}

export interface SnapshotObject {
  readonly key: string
  /** Base64 */
  readonly value: string
  /** The revision that wrote it. */
  readonly revision: number
}
