import { describe, expect, it } from 'vitest'
import {
  matchesLabelSelector,
  matchesRequirements,
  parseFieldSelector,
  parseLabelSelector,
} from '../../../shared/selectors.ts'

describe('parseLabelSelector', () => {
  it.each([
    ['', []],
    ['a=b', [['a', 'In', 'b']]],
    ['a==b', [['a', 'In', 'b']]],
    ['a=', [['a', 'In', '']]],
    ['a!=b', [['a', 'NotIn', 'b']]],
    ['a in (b, c)', [['a', 'In', 'b', 'c']]],
    ['a in(b)', [['a', 'In', 'b']]],
    ['a notin (b)', [['a', 'NotIn', 'b']]],
    ['a in ()', [['a', 'In', '']]],
    ['a', [['a', 'Exists']]],
    ['!a', [['a', 'DoesNotExist']]],
    ['a>1', [['a', 'Gt', '1']]],
    ['a<1', [['a', 'Lt', '1']]],
    [
      ' x.io/a = b , c ',
      [
        ['x.io/a', 'In', 'b'],
        ['c', 'Exists'],
      ],
    ],
    [
      'a in (b,c),!d,e',
      [
        ['a', 'In', 'b', 'c'],
        ['d', 'DoesNotExist'],
        ['e', 'Exists'],
      ],
    ],
    [
      'in in (in),notin',
      [
        ['in', 'In', 'in'],
        ['notin', 'Exists'],
      ],
    ],
  ])('reads %j', (text, wanted) => {
    const found = parseLabelSelector(text).map(({ key, operator, values }) => [key, operator, ...values])
    expect(found).toEqual(wanted)
  })

  it.each(['a b', 'a=b=c', '(a)', ',', 'a,', 'a in (b', 'a in b', '!a=b', 'a=b c'])('refuses %j', (text) => {
    expect(() => parseLabelSelector(text)).toThrow('unable to parse requirement')
  })
})

describe('matchesRequirements', () => {
  const labels = { app: 'web', n: '10', empty: '' }
  it.each([
    ['', true],
    ['app=web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['other!=x', true],
    ['other notin (x)', true],
    ['other in (x)', false],
    ['app in (db,web)', true],
    ['app,n', true],
    ['!other', true],
    ['!app', false],
    ['empty=', true],
    ['other=', false],
    ['n>9', true],
    ['n>10', false],
    ['n<11', true],
    ['app>1', false],
    ['other<1', false],
    ['toString', false],
    ['app=web,n=9', false],
  ])('%j: %s', (text, isMatch) => {
    expect(matchesRequirements(parseLabelSelector(text), labels)).toBe(isMatch)
  })

  it('holds for things without labels', () => {
    expect(matchesRequirements(parseLabelSelector('a'), undefined)).toBe(false)
    expect(matchesRequirements(parseLabelSelector('!a'), undefined)).toBe(true)
  })
})

describe('matchesLabelSelector', () => {
  it('matches nothing without a selector, everything with an empty one', () => {
    expect(matchesLabelSelector(undefined, { a: 'b' })).toBe(false)
    expect(matchesLabelSelector({}, { a: 'b' })).toBe(true)
    expect(matchesLabelSelector({}, undefined)).toBe(true)
  })

  it('needs both labels and expressions', () => {
    const selector = { matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] }
    expect(matchesLabelSelector(selector, { a: '1', b: '' })).toBe(true)
    expect(matchesLabelSelector(selector, { a: '1' })).toBe(false)
    expect(matchesLabelSelector(selector, { b: '' })).toBe(false)
  })

  it('matches nothing by an operator that does not exist', () => {
    const selector = { matchExpressions: [{ key: 'a', operator: 'Like', values: ['1'] }] }
    expect(matchesLabelSelector(selector, { a: '1' })).toBeFalsy()
  })
})

describe('parseFieldSelector', () => {
  it.each([
    ['', []],
    ['metadata.name=x', [['metadata.name', true, 'x']]],
    ['a==x', [['a', true, 'x']]],
    ['a=', [['a', true, '']]],
    ['a=x=y', [['a', true, 'x=y']]],
    [
      'a!=x, b=y,',
      [
        ['a', false, 'x'],
        ['b', true, 'y'],
      ],
    ],
    ['a=x\\,y\\=z\\\\', [['a', true, 'x,y=z\\']]],
    ['involvedObject.fieldPath=spec.containers{a}', [['involvedObject.fieldPath', true, 'spec.containers{a}']]],
  ])('reads %j', (text, wanted) => {
    expect(parseFieldSelector(text).map(({ field, equals, value }) => [field, equals, value])).toEqual(wanted)
  })

  it.each(['a', '=b', 'a,b=c', '!a'])('refuses %j', (text) => {
    expect(() => parseFieldSelector(text)).toThrow('invalid selector')
  })
})
