export interface ImageState {
  id: string
  references: string[]
  digests: string[]
  sizeBytes: number
  architecture: string
  /** The user that the image runs as: empty for root. */
  user: string
}

/** How to log in to an image registry. */
export interface RegistryCredentials {
  username: string
  password: string
  /** The registry's host as images name it: `docker.io`, `r.example.com:5000`. */
  serverAddress: string
}
