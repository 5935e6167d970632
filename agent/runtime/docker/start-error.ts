const PROFILE_MISSING = /apparmor failed to apply profile: .*no such file or directory/

/**
 * Why a container could not be started: in Docker's words, unless an AppArmor profile is not loaded: those do not name it,
 * so then in containerd's. `securityOptions` are the container's, as Docker shows them.
 */
export function startError(said: string, securityOptions: readonly string[] | null | undefined): string {
  const option = securityOptions?.find((option) => option.startsWith('apparmor='))
  return option && PROFILE_MISSING.test(said) ? `apparmor profile not found ${option.slice('apparmor='.length)}` : said
}
