import type { TestContext } from 'vitest'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { systemClock } from '../../shared/clock.ts'

interface DockerInfo {
  MemoryLimit: boolean
  SwapLimit: boolean
  CpuCfsQuota: boolean
  PidsLimit: boolean
}

/** Skips the test, saying why, where this machine's kernel or Docker cannot limit what the test limits. */
export async function needsLimits(context: TestContext, ...limits: (keyof DockerInfo)[]): Promise<void> {
  const info = await new DockerApi({}, systemClock()).json<DockerInfo>({ method: 'GET', path: '/info' })
  const missing = limits.filter((limit) => !info[limit])
  if (missing.length === 0) return
  console.warn(`skipped "${context.task.name}": this Docker has no ${missing.join(', ')}`)
  context.skip()
}
