import { expect, it } from 'vitest'
import type { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import { TmpfsNoswap } from '../../../../../agent/runtime/docker/tmpfs-noswap.ts'

it('is for kernels that know it, and for root', async () => {
  const isPossible = (KernelVersion: string, SecurityOptions: string[] | null = null) =>
    new TmpfsNoswap({ json: async () => ({ KernelVersion, SecurityOptions }) } as unknown as DockerApi).isPossible()
  expect(await isPossible('6.4.0-1-amd64', ['name=seccomp,profile=default'])).toBe(true)
  expect(await isPossible('10.0-rc1')).toBe(true)
  expect(await isPossible('6.3.13')).toBe(false)
  expect(await isPossible('5.15.0-101-generic')).toBe(false)
  expect(await isPossible('6.18.1', ['name=seccomp,profile=default', 'name=rootless'])).toBe(false)
})

it('asks Docker again only where it did not answer', async () => {
  let asked = 0
  const json = async () => {
    if (++asked === 1) throw new Error('no Docker')
    return { KernelVersion: '6.12.1', SecurityOptions: [] }
  }
  const noswap = new TmpfsNoswap({ json } as unknown as DockerApi)
  await expect(noswap.isPossible()).rejects.toThrow('no Docker')
  expect([await noswap.isPossible(), await noswap.isPossible()]).toEqual([true, true])
  expect(asked).toBe(2)
})
