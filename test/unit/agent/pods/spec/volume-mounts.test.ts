import { describe, expect, it } from 'vitest'
import { volumeMounts } from '../../../../../agent/pods/spec/volume-mounts.ts'
import type { VolumeMount } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'

const volumes = [
  { name: 'v', emptyDir: {} },
  { name: 'data', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
]
const environment = new Map([
  ['POD', 'web-1'],
  ['UP', '../x'],
  ['ROOT', '/etc'],
  ['EMPTY', ''],
])
const mount = (more: Partial<VolumeMount>) => {
  const container = podContainer('web', { volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] })
  return volumeMounts(container, assignedPod('a', { volumes }), environment)[0]
}

describe('volumeMounts', () => {
  it('takes part of a volume, by name or by what the environment says', () => {
    expect(mount({ subPath: 'a/b' })).toMatchObject({ subPath: 'a/b' })
    expect(mount({ subPathExpr: 'logs/$(POD)' })).toMatchObject({ subPath: 'logs/web-1' })
    expect(() => mount({ subPathExpr: '$(NONE)/$(EMPTY)' })).toThrow('missing value for EMPTY, NONE')
    expect(() => mount({ subPathExpr: '$(UP)' })).toThrow("unable to provision SubPath `../x`: must not contain '..'")
    expect(() => mount({ subPathExpr: '$(ROOT)' })).toThrow('error SubPath `/etc` must not be an absolute path')
  })

  it('says how mounts propagate', () => {
    expect(mount({})).toEqual({ volume: 'v', mountPath: '/v', readOnly: false })
    expect(mount({ mountPropagation: 'None' })?.propagation).toBeUndefined()
    expect(mount({ mountPropagation: 'HostToContainer' })?.propagation).toBe('slave')
    expect(mount({ mountPropagation: 'Bidirectional' })?.propagation).toBe('shared')
  })

  it('takes a relative path from the root', () => {
    expect(mount({ mountPath: 'var/data/' })?.mountPath).toBe('/var/data/')
    expect(mount({ mountPath: '/a:b' })?.mountPath).toBe('/a:b')
  })

  it('is read-only where the claim is', () => {
    expect(mount({ name: 'data' })?.readOnly).toBe(true)
  })
})
