/** Resources of Kubernetes itself, as opposed to extended ones such as `example.com/dongle`. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** Whether a container may be promised less of it than it may use. Devices and huge pages cannot be shared out twice. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name)
}
