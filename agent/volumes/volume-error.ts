/** A volume cannot be set up as the Pod's spec has it, for now: the Pod waits, with an event FailedMount. */
export class VolumeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'VolumeError'
  }
}
