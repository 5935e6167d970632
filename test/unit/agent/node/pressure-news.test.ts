import { expect, it } from 'vitest'
import { PressureNews } from '../../../../agent/node/pressure-news.ts'

it('tells once when a node comes to be short of something, and when it is so no more', () => {
  const told: string[] = []
  const news = new PressureNews('n1', ({ message }) => told.push(message))
  const look = (memory: string, disk: string) =>
    news.take([
      { type: 'MemoryPressure', status: memory },
      { type: 'DiskPressure', status: disk },
      { type: 'Ready', status: 'True' },
    ])
  look('False', 'False')
  expect(told).toEqual([])
  look('False', 'True')
  look('False', 'True')
  look('True', 'False')
  expect(told).toEqual([
    'Node n1 status is now: NodeHasDiskPressure',
    'Node n1 status is now: NodeHasInsufficientMemory',
    'Node n1 status is now: NodeHasNoDiskPressure',
  ])
})
