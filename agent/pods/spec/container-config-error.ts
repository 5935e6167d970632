/** A container cannot be made as its spec is, for now: the waiting reason CreateContainerConfigError. */
export class ContainerConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ContainerConfigError'
  }
}
