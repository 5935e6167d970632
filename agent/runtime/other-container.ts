/** A running container beside those of this node, and what it holds of the machine. */
export interface OtherContainer {
  id: string
  /** Of another node on this machine, rather than no Pod's at all. */
  isPods: boolean
  /** Its hard limit, in millicores; 0 without one. */
  cpuMilli: number
  /** What is set aside for it, else its limit, else what it uses. */
  memoryBytes: number
  /** Whether `memoryBytes` is what it uses, which changes. */
  isMeasured: boolean
}
