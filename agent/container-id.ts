/** As the API has the id of one of the runtime's containers. */
export function apiContainerId(id: string): string {
  return `docker://${id}`
}

/** The runtime's id of what the API has as `docker://...`; undefined where that is none. */
export function runtimeContainerId(containerID: string | undefined): string | undefined {
  return containerID?.replace(/^[^:]*:\/\//, '') || undefined
}
