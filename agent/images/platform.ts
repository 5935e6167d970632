/** What a machine's processor runs beside its own. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] }

/** Whether an image for one architecture runs on a machine of another. What is not known is given the chance. */
export function runsOn(image: string, machine: string | undefined): boolean {
  if (image === '' || machine === undefined || image === machine) return true
  return ALSO_RUNS[machine]?.includes(image) ?? false
}

/** Docker found nothing for the machine among the several architectures that an image has. */
export function isNoMatch(message: string): boolean {
  return /no matching manifest for|no match for platform/.test(message)
}
