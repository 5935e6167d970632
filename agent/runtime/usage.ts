export interface ContainerUsage {
  /** When it was read, on the wall clock. */
  atMs: number
  /** Processor time since its start. */
  cpuNanoseconds: number
  /** Memory that cannot be taken back for others. */
  workingSetBytes: number
  processes: number
}

/** In bytes. */
export interface DiskUsage {
  /** By container id: what it wrote beside its volumes, and its log where that can be seen. */
  containers: Map<string, number>
  /** By name; volumes in memory are none. */
  volumes: Map<string, number>
}
