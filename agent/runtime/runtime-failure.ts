/** What went wrong in a container runtime. Messages are the runtime's own where it has said something. */
export class RuntimeFailure extends Error {
  readonly code:
    | 'unavailable'
    | 'timeout'
    | 'notFound'
    | 'conflict'
    | 'imagePull'
    | 'registryUnavailable'
    | 'mount'
    | /** A sandbox that runs has volumes in memory that nothing else can get to any more. */ 'volumesLost'
    | 'invalid'
    | 'failed'

  constructor(code: RuntimeFailure['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RuntimeFailure'
    this.code = code
  }
}
