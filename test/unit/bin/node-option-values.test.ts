import { describe, expect, it } from 'vitest'
import {
  addDevice,
  addResource,
  parseGoDuration,
  parseGracePeriods,
  parseImageCollection,
  parseReclaims,
  parseReserved,
  parseSeconds,
  parseThresholds,
} from '../../../bin/node-option-values.ts'

describe('options of a node', () => {
  it('reads extended resources, one after the other', () => {
    expect(addResource('example.com/b=0', addResource('example.com/a=2', {}))).toEqual({
      'example.com/a': 2,
      'example.com/b': 0,
    })
    for (const wrong of ['dongle=2', 'example.com/a', 'example.com/a=x', 'example.com/a=-1', 'kubernetes.io/x=1']) {
      expect(() => addResource(wrong, {}), wrong).toThrow()
    }
    expect(() => addResource('example.com/a=1', { 'example.com/a': 1 })).toThrow('given twice')
  })

  it('reads devices', () => {
    const first = addDevice('example.com/a=/dev/null', [])
    expect(addDevice('example.com/a=/dev/zero:/dev/z:r', first)).toEqual([
      { resource: 'example.com/a', hostPath: '/dev/null', containerPath: '/dev/null', permissions: 'rwm' },
      { resource: 'example.com/a', hostPath: '/dev/zero', containerPath: '/dev/z', permissions: 'r' },
    ])
    for (const wrong of [
      'example.com/a=null',
      'example.com/a=/dev/a:/dev/b:x',
      'example.com/a=/a:/b:r:s',
      'a=/dev/a',
    ]) {
      expect(() => addDevice(wrong, []), wrong).toThrow()
    }
    expect(() => addDevice('example.com/b=/dev/null', first)).toThrow('given twice')
  })

  it('reads what is reserved', () => {
    expect(parseReserved('cpu=1,memory=1Gi')).toEqual({ cpu: '1', memory: '1Gi' })
    expect(() => parseReserved('pods=1')).toThrow('pods is not cpu, memory or ephemeral-storage.')
    expect(() => parseReserved('cpu=-1')).toThrow('-1 is not a quantity')
  })

  it('reads thresholds', () => {
    expect(parseThresholds('memory.available<1Gi,pid.available<2.5%')).toEqual([
      { signal: 'memory.available', value: { units: 2 ** 30 } },
      { signal: 'pid.available', value: { percent: 2.5 } },
    ])
    expect(parseThresholds('')).toEqual([])
    for (const wrong of [
      'memory.available',
      'memory.available<',
      'containerfs.available<1',
      'pid.available<101%',
      'a<b<c',
    ]) {
      expect(() => parseThresholds(wrong), wrong).toThrow()
    }
  })

  it('reads when images are collected', () => {
    expect(parseImageCollection('85:80')).toEqual({ highPercent: 85, lowPercent: 80 })
    for (const wrong of ['85', '80:85', '85:85', '101:80', '85:0', 'a:b']) {
      expect(() => parseImageCollection(wrong), wrong).toThrow('two percentages')
    }
  })

  it('reads grace periods and what is to be reclaimed', () => {
    expect([...parseGracePeriods('memory.available=1m30s,nodefs.available=2h')]).toEqual([
      ['memory.available', 90_000],
      ['nodefs.available', 7_200_000],
    ])
    expect([...parseReclaims('imagefs.available=5%,memory.available=1Ki')]).toEqual([
      ['imagefs.available', { percent: 5 }],
      ['memory.available', { units: 1024 }],
    ])
    for (const wrong of ['memory.available=', 'memory.available=soon', 'memory.available<1m', 'all=1m']) {
      expect(() => parseGracePeriods(wrong), wrong).toThrow()
    }
    expect(() => parseReclaims('memory.available=much')).toThrow('neither a quantity nor a percentage')
    expect([parseSeconds('-1'), parseSeconds('60')]).toEqual([-1, 60])
    expect(() => parseSeconds('1m')).toThrow()
    expect(() => parseGoDuration('')).toThrow()
  })
})
