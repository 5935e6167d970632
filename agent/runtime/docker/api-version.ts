import { RuntimeFailure } from '../runtime.ts'

/** Docker 20.10's, the oldest that this runtime is written for. */
const OLDEST = '1.41'
/** Docker 25's: what 29 still speaks. Nothing newer is needed. */
const NEWEST = '1.44'

/** The version to speak with a Docker: the newest that both know. */
export function chooseApiVersion(docker: { ApiVersion: string; MinAPIVersion?: string }): string {
  if (isOlder(docker.ApiVersion, OLDEST)) {
    throw new RuntimeFailure('invalid', `Docker's API ${docker.ApiVersion} is too old: Docker 20.10 or newer is needed`)
  }
  if (isOlder(docker.ApiVersion, NEWEST)) return docker.ApiVersion
  return isOlder(NEWEST, docker.MinAPIVersion ?? OLDEST) ? docker.ApiVersion : NEWEST
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number)
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}
