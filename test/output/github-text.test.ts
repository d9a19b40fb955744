import { expect, test } from 'vitest'
import { githubText } from '../../src/output/github-text.ts'

test('what a file says cannot become another command', () => {
  const problem = { file: 'a,b:c.yaml', line: 1, column: 2, code: 'KPF_VALUE', message: 'x\n::error::y 100%', fix: 'z\r' }
  expect(githubText([problem, problem])).toBe('::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=KPF_VALUE::x%0A::error::y 100%25 (fix: z%0D)\n'.repeat(2))
})
