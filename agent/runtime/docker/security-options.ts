import type { ContainerSecurity } from '../runtime.ts'

/**
 * What `HostConfig.SecurityOpt` says of a container. `seccompProfile` is the JSON of the profile that it names, where it
 * names one. A privileged container is confined by neither seccomp nor AppArmor, whatever it asks for.
 */
export function securityOptions(security: ContainerSecurity, seccompProfile: string | undefined): string[] {
  const { noNewPrivileges, seLinux = {} } = security
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...seccompOption(security, seccompProfile),
    ...appArmorOption(security),
    ...Object.entries(seLinux).map(([part, value]) => `label=${part}:${value}`),
  ]
}

function seccompOption({ seccomp, privileged }: ContainerSecurity, profile: string | undefined): string[] {
  if (privileged || seccomp?.type === 'unconfined') return ['seccomp=unconfined']
  return profile === undefined ? [] : [`seccomp=${profile}`]
}

function appArmorOption({ appArmor, privileged }: ContainerSecurity): string[] {
  if (privileged || appArmor?.type === 'unconfined') return ['apparmor=unconfined']
  return appArmor?.type === 'localhost' ? [`apparmor=${appArmor.name}`] : []
}
