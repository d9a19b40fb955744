import { expect, test } from 'vitest'
import type { Problem } from '../../src/file/problems.ts'
import { problemsText, problemText } from '../../src/output/problem-text.ts'

const problem: Problem = { file: 'forwards.yaml', line: 4, column: 5, code: 'KPF_FIELD_UNKNOWN', message: 'there is no field "prots"' }

test('a problem with its line and its fix', () => {
  expect(problemText({ ...problem, sourceLine: '    prots: ["8080:80"]', fix: 'did you mean "ports"?' })).toMatchInlineSnapshot(`
    "forwards.yaml:4:5 KPF_FIELD_UNKNOWN there is no field "prots"
            prots: ["8080:80"]
            ^
        fix: did you mean "ports"?"
  `)
})

test('a problem without a line, with an empty one, with a tab and a control character', () => {
  const lines = [undefined, '   ', '\tprots: \u001b[31m', '    prots'].map((sourceLine) =>
    problemText({ ...problem, column: 2, ...(sourceLine !== undefined && { sourceLine }) }),
  )
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "forwards.yaml:4:2 KPF_FIELD_UNKNOWN there is no field "prots"
    forwards.yaml:4:2 KPF_FIELD_UNKNOWN there is no field "prots"
    forwards.yaml:4:2 KPF_FIELD_UNKNOWN there is no field "prots"
         prots: ?[31m
         ^
    forwards.yaml:4:2 KPF_FIELD_UNKNOWN there is no field "prots"
            prots
         ^"
  `)
})

test('a long line is cut around the place', () => {
  const lines = problemText({ ...problem, column: 301, sourceLine: `${'x'.repeat(300)}HERE${'y'.repeat(300)}` }).split('\n')
  expect(lines.map((line) => line.length)).toEqual([63, 164, 84])
  expect(lines[1]?.[lines[2]?.indexOf('^') ?? 0]).toBe('H')
})

test.each([24, 60, 80, 200])('in %s columns the frame does not wrap, and the caret is below the place', (width) => {
  for (const column of [1, 2, 15, 16, 17, 42, 43, 57, 58, 59, 60, 147, 148, 300]) {
    const sourceLine = `${'x'.repeat(column - 1)}H${'y'.repeat(300)}`
    const [frame = '', caret = ''] = problemText({ ...problem, column, sourceLine }, width)
      .split('\n')
      .slice(-2)
    expect([frame.length, frame[caret.indexOf('^')]]).toEqual([width, 'H'])
  }
})

test('on a terminal the words are folded between words; elsewhere they are one line, for whoever looks for them', () => {
  const long = {
    ...problem,
    message: 'local port 80 is below 1024: binding it needs approval',
    sourceLine: '  web: 80:80',
    fix: 'write one of 1024 or more, or approve it',
  }
  expect(problemsText([long], { width: 44 })).toMatchInlineSnapshot(`
    "forwards.yaml:4:5 KPF_FIELD_UNKNOWN local
        port 80 is below 1024: binding it needs
        approval
          web: 80:80
            ^
        fix: write one of 1024 or more, or
             approve it"
  `)
  expect(problemsText([long]).split('\n')).toHaveLength(4)
})

test('the first twenty, then a count; all when asked', () => {
  const problems = Array.from({ length: 23 }, (_, index) => ({ ...problem, line: index + 1 }))
  expect(problemsText(problems).split('\n').slice(-2)).toEqual(['forwards.yaml:20:5 KPF_FIELD_UNKNOWN there is no field "prots"', 'and 3 more'])
  expect(problemsText(problems, { isAll: true }).split('\n')).toHaveLength(23)
})
