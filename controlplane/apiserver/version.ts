/** What `/version` tells; kubectl compares `major` and `minor` with its own. */
export interface VersionInfo {
  readonly major: string
  readonly minor: string
  /** Such as `v1.36.0+kubette-0.1.0`. */
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  /** RFC 3339. */
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The release of Kubernetes whose API this is. */
const API_RELEASE = { major: '1', minor: '36' }

export function versionInfo(kubetteVersion: string): VersionInfo {
  return {
    ...API_RELEASE,
    gitVersion: `v${API_RELEASE.major}.${API_RELEASE.minor}.0+kubette-${kubetteVersion}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node-${process.version}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
}
